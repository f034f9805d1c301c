// Unpacks what @sparticuz/chromium carries into node_modules/.chromium: the browser, its fonts, and
// the libraries that a machine without a desktop may lack.

import { mkdirSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const carried = fileURLToPath(new URL("node_modules/@sparticuz/chromium/bin/", import.meta.url));
const unpacked = fileURLToPath(new URL("node_modules/.chromium/", import.meta.url));

mkdirSync(unpacked, { recursive: true });
process.env.TMPDIR = unpacked; // `inflate` knows no other way to be given a folder
const { inflate } = await import("@sparticuz/chromium");
await Promise.all(readdirSync(carried).map((name) => inflate(carried + name)));
