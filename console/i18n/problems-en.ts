/** What each problem of the API is called, and what to do about it. */
export default {
  'malformed-json': {
    title: 'The request could not be read',
    remedy: 'Reload the page and try again: the console may be of another version than the API.',
  },
  'invalid-request': {
    title: 'The request could not be read',
    remedy: 'Reload the page and try again: the console may be of another version than the API.',
  },
  'invalid-parameters': {
    title: 'A filter or an address is not valid',
    remedy: 'Correct what is named, or clear the filter.',
  },
  'invalid-signature': {
    title: 'The signature is not valid',
    remedy: 'Check the secret of the TMS and the clock of who signs.',
  },
  'callbacks-not-configured': {
    title: 'This TMS does not call back',
    remedy: 'Give the TMS a callbackSecret in the configuration.',
  },
  'approval-refused': {
    title: 'Your approval does not count',
    remedy: 'Four eyes: somebody other than the author of the campaign must approve it.',
  },
  'not-found': {
    title: 'There is no such thing',
    remedy: 'It may have been deleted, or the address is misspelt. Go back to the list.',
  },
  'route-not-found': {
    title: 'The API does not know this address',
    remedy: 'Reload the page: the console may be of another version than the API.',
  },
  'method-not-allowed': {
    title: 'The API does not do this here',
    remedy: 'Reload the page: the console may be of another version than the API.',
  },
  'terminals-busy': {
    title: 'Another campaign is updating some of these terminals',
    remedy: 'Wait until it is done, cancel it, or leave these terminals out. Nothing was changed.',
  },
  'command-not-possible': {
    title: 'The campaign can not take this now',
    remedy: 'It has gone on in the meantime. Look at its state and decide anew.',
  },
  'group-in-use': {
    title: 'The group is used by another group',
    remedy: 'Change or delete the groups that name it first.',
  },
  'dead-letter-settled': {
    title: 'It is decided about this message already',
    remedy: 'Somebody was faster. A message that has failed again is a new entry.',
  },
  'import-conflict': {
    title: 'The fleet has changed during the import',
    remedy: 'Nothing was imported. Import the file again.',
  },
  'replay-running': {
    title: 'The projections are being made anew',
    remedy: 'Wait until that has ended.',
  },
  'body-too-large': {
    title: 'That is too much at once',
    remedy: 'Make it smaller: the limit is above.',
  },
  'unsupported-media-type': {
    title: 'The API does not take this kind of file',
    remedy: 'Give a file of the kind that is asked for: CSV, in UTF-8.',
  },
  'validation-failed': {
    title: 'Something is not valid',
    remedy: 'Correct what is named below.',
  },
  'dead-letter-not-replayable': {
    title: 'The message can not be published like this',
    remedy: 'Edit it as said above, or discard it. Nothing was published.',
  },
  'rule-invalid': {
    title: 'The rule can not be understood',
    remedy: 'Correct it at the place that is named.',
  },
  'unknown-terminals': {
    title: 'Some terminals are not in the fleet',
    remedy: 'Import them first, or leave them out. Nothing was created.',
  },
  'empty-targets': {
    title: 'No terminal is selected',
    remedy: 'Widen the rule or the filter. Nothing was created.',
  },
  'unknown-template': {
    title: 'There is no such policy template',
    remedy: 'Choose another one: it may have been renamed. Nothing was created.',
  },
  'tms-not-configured': {
    title: 'Some terminals belong to a TMS that is not configured',
    remedy: 'Leave them out, or have the TMS configured. Nothing was created.',
  },
  'idempotency-key-reused': {
    title: 'This request was sent before with another content',
    remedy: 'Reload the page and try again.',
  },
  'import-refused': {
    title: 'The file has errors',
    remedy: 'Correct the lines that are named and import it again. Nothing was imported.',
  },
  'too-many-exports': {
    title: 'Too many exports at a time',
    remedy: 'Wait a moment and try again.',
  },
  'internal-error': {
    title: 'Something went wrong in the platform',
    remedy: 'Try again; if it happens again, give the correlation id to who runs the platform.',
  },
  'temporal-unavailable': {
    title: 'Temporal is not within reach',
    remedy: 'The command was not given. Updates under way are safe; try again in a moment.',
  },
  'database-unavailable': {
    title: 'The database is not within reach',
    remedy: 'Nothing was done. Try again in a moment.',
  },
};
