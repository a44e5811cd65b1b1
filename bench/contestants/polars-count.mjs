import pl from 'nodejs-polars';
import { serve } from './serve.mjs';

const [file] = process.argv.slice(2);

await serve(async () => {
  const counts = await pl
    .scanJson(file, { inferSchemaLength: 10 })
    .select('url')
    .groupBy('url')
    .agg(pl.col('url').count().alias('n'))
    .collect();
  return { unique: counts.height, total: Number(counts.getColumn('n').sum()) };
});
