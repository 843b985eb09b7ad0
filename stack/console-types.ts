/** The types of our HTTP API for the web console, made from the OpenAPI document that the code makes. */
import { compile } from 'json-schema-to-typescript';
import { openApiDocument } from '../api/openapi.ts';
import { routes } from '../api/routes/index.ts';

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** JSON Schema, as far as it is looked into here. */
type Schema = Record<string, unknown>;

interface Parameter {
  name: string;
  in: string;
  required?: boolean;
  schema: Schema;
}

interface Content {
  content?: Record<string, { schema: Schema }>;
  required?: boolean;
}

interface Operation {
  summary: string;
  parameters?: Parameter[];
  requestBody?: Content;
  responses: Record<string, Content>;
}

/**
 * TypeScript with a type for each named schema, and `paths` as openapi-fetch takes it. The whole is described as one
 * JSON Schema, so that a well-kept compiler of such schemas writes all of it.
 */
export async function consoleTypes(): Promise<string> {
  const document = openApiDocument(routes);
  const paths = document.paths as unknown as Record<string, Record<string, Operation>>;
  const schema = {
    ...object(mapValues(paths, describePath)),
    definitions: document.components?.schemas ?? {},
  };
  const text = JSON.stringify(schema).replaceAll('#/components/schemas/', '#/definitions/');
  const types = await compile(JSON.parse(text, asAnything) as Schema, 'paths', {
    additionalProperties: false,
    // As tuples they would be ten thousand lines.
    ignoreMinAndMaxItems: true,
    bannerComment:
      '// Made by stack/console-types.ts from the OpenAPI document of the API; not to be edited.',
    unreachableDefinitions: true,
    style: { singleQuote: true, printWidth: 110 },
  });
  // Statuses are numbers to openapi-fetch, and `paths` has no capital there.
  return types
    .replaceAll(/(\n \*)? This interface was referenced by .*\n \* via the .*/g, '')
    .replaceAll(/\/\*\*\n \*?\s*\*?\/\n/g, '')
    .replaceAll(/^(\s*)['"]?(\d{3})['"]?:/gm, '$1$2:')
    .replace('export interface Paths {', 'export interface paths {');
}

/** A schema that only describes allows everything, null included; to the compiler it would be an object. */
function asAnything(_key: string, value: unknown): unknown {
  const described =
    typeof value === 'object' && value !== null && Object.keys(value).join() === 'description';
  return described && typeof (value as Schema).description === 'string'
    ? { ...value, tsType: 'unknown' }
    : value;
}

function describePath(methods: Record<string, Operation>): Schema {
  return object(
    Object.fromEntries(
      METHODS.flatMap((method) => {
        const operation = methods[method];
        return operation ? [[method, describeOperation(operation)]] : [];
      }),
    ),
  );
}

function describeOperation({ summary, parameters = [], requestBody, responses }: Operation): Schema {
  const places = Map.groupBy(parameters, (parameter) => parameter.in);
  const described: Record<string, Schema> = {};
  const needed: string[] = [];
  for (const [place, list] of places) {
    const required = list.filter((each) => each.required).map(({ name }) => name);
    described[place] = object(Object.fromEntries(list.map(({ name, schema }) => [name, schema])), required);
    if (required.length > 0) needed.push(place);
  }
  return {
    description: summary,
    ...object(
      {
        parameters: object(described, needed),
        ...(requestBody && { requestBody: describeContent(requestBody) }),
        responses: object(mapValues(responses, describeContent)),
      },
      ['parameters', 'responses', ...(requestBody?.required ? ['requestBody'] : [])],
    ),
  };
}

function describeContent({ content = {} }: Content): Schema {
  return object({ content: object(mapValues(content, ({ schema }) => schema)) });
}

/** @param required by default all */
function object(properties: Record<string, Schema>, required = Object.keys(properties)): Schema {
  return { type: 'object', properties, required, additionalProperties: false };
}

function mapValues<A, B>(record: Record<string, A>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
