/* duckdb.mjs < {"schema": [SQL], "tables": {name: rows}, "queries": [SQL]}: the queries' rows as
 * DuckDB gives them, in JSON. Its own reader of SQLite files is an extension, which its package does
 * not hold: it takes tables over as they are, and views by their SQL, and so is it done here. */
import { readFileSync } from "node:fs";
import { DuckDBInstance } from "@duckdb/node-api";

const { schema, tables, queries } = JSON.parse(readFileSync(0, "utf8"));
const database = await DuckDBInstance.create(":memory:");
const connection = await database.connect();

async function rowsOf(sql) {
    try {
        const reader = await connection.runAndReadAll(sql);
        return reader.getRowsJson();
    } catch (error) {
        return String(error.message ?? error);
    }
}

function literal(value) {
    if (value === null) return "NULL";
    return typeof value === "number" ? String(value) : `'${value.replaceAll("'", "''")}'`;
}

const failed = [];
const run = async (sql) => {
    const told = await rowsOf(sql);
    if (typeof told === "string") failed.push(`${sql.slice(0, 60)}: ${told.slice(0, 300)}`);
};
for (const sql of schema.tables) await run(sql);
for (const [name, rows] of Object.entries(tables)) {
    if (rows.length > 0) {
        const values = rows.map((row) => `(${row.map(literal).join(", ")})`).join(", ");
        await run(`INSERT INTO "${name}" VALUES ${values}`);
    }
}
for (const sql of schema.views) await run(sql);
const answers = {};
for (const query of queries) answers[query] = await rowsOf(query);
process.stdout.write(JSON.stringify({ failed, answers }));
