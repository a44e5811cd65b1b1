import { DuckDBInstance } from '@duckdb/node-api';

export async function openDuckdb(threads) {
  const instance = await DuckDBInstance.create(':memory:', { threads: String(threads) });
  const connection = await instance.connect();
  const [[version]] = (await connection.runAndReadAll('SELECT version()')).getRows();
  return { connection, version };
}

/** `records=true`, or one odd line in its sample would make it count whole lines. */
export function readJson(files) {
  return `read_json([${files.map(quote).join(', ')}], records=true, format='newline_delimited', columns={url: 'VARCHAR'})`;
}

export function quote(text) {
  return `'${text.replaceAll("'", "''")}'`;
}
