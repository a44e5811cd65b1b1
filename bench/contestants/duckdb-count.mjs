import { openDuckdb, readJson } from './duckdb.mjs';
import { serve } from './serve.mjs';

const [file, threads] = process.argv.slice(2);
const { connection, version } = await openDuckdb(threads);
const query = `SELECT count(*) AS urls, sum(n) AS lines FROM (SELECT url, count(*) AS n FROM ${readJson([file])} GROUP BY url)`;

await serve(
  async () => {
    const [[urls, lines]] = (await connection.runAndReadAll(query)).getRows();
    return { unique: Number(urls), total: Number(lines) };
  },
  { version },
);
