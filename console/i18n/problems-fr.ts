import type english from './problems-en.ts';

export default {
  'malformed-json': {
    title: 'La requête n’a pas pu être lue',
    remedy: 'Rechargez la page et réessayez : la console est peut-être d’une autre version que l’API.',
  },
  'invalid-request': {
    title: 'La requête n’a pas pu être lue',
    remedy: 'Rechargez la page et réessayez : la console est peut-être d’une autre version que l’API.',
  },
  'invalid-parameters': {
    title: 'Un filtre ou une adresse n’est pas valable',
    remedy: 'Corrigez ce qui est indiqué, ou effacez le filtre.',
  },
  'invalid-signature': {
    title: 'La signature n’est pas valable',
    remedy: 'Vérifiez le secret du TMS et l’horloge de celui qui signe.',
  },
  'callbacks-not-configured': {
    title: 'Ce TMS ne rappelle pas',
    remedy: 'Donnez au TMS un callbackSecret dans la configuration.',
  },
  'approval-refused': {
    title: 'Votre approbation ne compte pas',
    remedy: 'Quatre yeux : une autre personne que l’auteur de la campagne doit l’approuver.',
  },
  'not-found': {
    title: 'Cela n’existe pas',
    remedy: 'Cela a peut-être été supprimé, ou l’adresse est mal écrite. Revenez à la liste.',
  },
  'route-not-found': {
    title: 'L’API ne connaît pas cette adresse',
    remedy: 'Rechargez la page : la console est peut-être d’une autre version que l’API.',
  },
  'method-not-allowed': {
    title: 'L’API ne fait pas cela ici',
    remedy: 'Rechargez la page : la console est peut-être d’une autre version que l’API.',
  },
  'terminals-busy': {
    title: 'Une autre campagne met à jour certains de ces terminaux',
    remedy: 'Attendez qu’elle ait fini, annulez-la, ou laissez ces terminaux de côté. Rien n’a été changé.',
  },
  'command-not-possible': {
    title: 'La campagne ne peut pas faire cela maintenant',
    remedy: 'Elle a avancé entre-temps. Regardez son état et décidez à nouveau.',
  },
  'group-in-use': {
    title: 'Le groupe est utilisé par un autre groupe',
    remedy: 'Modifiez ou supprimez d’abord les groupes qui le nomment.',
  },
  'dead-letter-settled': {
    title: 'Le sort de ce message est déjà décidé',
    remedy: 'Quelqu’un a été plus rapide. Un message qui échoue de nouveau est une nouvelle entrée.',
  },
  'import-conflict': {
    title: 'Le parc a changé pendant l’import',
    remedy: 'Rien n’a été importé. Importez de nouveau le fichier.',
  },
  'replay-running': {
    title: 'Les projections sont en cours de reconstruction',
    remedy: 'Attendez que ce soit fini.',
  },
  'body-too-large': {
    title: 'C’est trop à la fois',
    remedy: 'Réduisez : la limite est indiquée ci-dessus.',
  },
  'unsupported-media-type': {
    title: 'L’API n’accepte pas ce type de fichier',
    remedy: 'Donnez un fichier du type demandé : CSV, en UTF-8.',
  },
  'validation-failed': {
    title: 'Quelque chose n’est pas valable',
    remedy: 'Corrigez ce qui est indiqué ci-dessous.',
  },
  'dead-letter-not-replayable': {
    title: 'Le message ne peut pas être publié ainsi',
    remedy: 'Modifiez-le comme indiqué ci-dessus, ou écartez-le. Rien n’a été publié.',
  },
  'rule-invalid': {
    title: 'La règle n’est pas comprise',
    remedy: 'Corrigez-la à l’endroit indiqué.',
  },
  'unknown-terminals': {
    title: 'Certains terminaux ne sont pas dans le parc',
    remedy: 'Importez-les d’abord, ou laissez-les de côté. Rien n’a été créé.',
  },
  'empty-targets': {
    title: 'Aucun terminal n’est choisi',
    remedy: 'Élargissez la règle ou le filtre. Rien n’a été créé.',
  },
  'unknown-template': {
    title: 'Ce modèle de politique n’existe pas',
    remedy: 'Choisissez-en un autre : il a peut-être été renommé. Rien n’a été créé.',
  },
  'tms-not-configured': {
    title: 'Certains terminaux dépendent d’un TMS qui n’est pas configuré',
    remedy: 'Laissez-les de côté, ou faites configurer le TMS. Rien n’a été créé.',
  },
  'idempotency-key-reused': {
    title: 'Cette requête a déjà été envoyée avec un autre contenu',
    remedy: 'Rechargez la page et réessayez.',
  },
  'import-refused': {
    title: 'Le fichier contient des erreurs',
    remedy: 'Corrigez les lignes indiquées et importez-le de nouveau. Rien n’a été importé.',
  },
  'too-many-exports': {
    title: 'Trop d’exports à la fois',
    remedy: 'Attendez un instant et réessayez.',
  },
  'internal-error': {
    title: 'Quelque chose s’est mal passé dans la plateforme',
    remedy:
      'Réessayez ; si cela se reproduit, donnez l’identifiant de corrélation à qui exploite la plateforme.',
  },
  'temporal-unavailable': {
    title: 'Temporal n’est pas joignable',
    remedy:
      'La commande n’a pas été donnée. Ce qui est en cours est en sécurité ; réessayez dans un instant.',
  },
  'database-unavailable': {
    title: 'La base de données n’est pas joignable',
    remedy: 'Rien n’a été fait. Réessayez dans un instant.',
  },
} satisfies typeof english;
