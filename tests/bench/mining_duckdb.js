// DuckDB's side of mining_bench, for mining_peers.py: each line is JSON with what to run and whether to
// answer with the result; the answer is JSON with the seconds it took, measured here, and the rows.
// Arguments: the folder in which npm installed @duckdb/node-api, and the number of threads.
const { createRequire } = require('module');
const readline = require('readline');

async function main() {
  const [folder, threads] = process.argv.slice(2);
  const { DuckDBInstance } = createRequire(folder + '/package.json')('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', { threads });
  const connection = await instance.connect();
  console.log('ready');
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const begin = process.hrtime.bigint();
    const reader = await connection.runAndReadAll(JSON.parse(line));
    const rows = reader.getRows();
    const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
    console.log(JSON.stringify({ seconds, rows: rows.map((row) => row.map(Number)) }));
  }
}

main().catch((error) => {
  console.error('DuckDB: ' + error.message);
  process.exit(1);
});
