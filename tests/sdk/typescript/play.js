"use strict";
/** Play scenarios by name: a line `RESULT <name> <JSON>` or `BROKEN <name> <JSON>` for each, beside the SDK's own. */

const path = require("path");

async function main() {
  for (const name of process.argv.slice(2)) {
    try {
      const scenario = require(path.join(__dirname, `${name}.js`));
      console.log("RESULT", name, JSON.stringify(await scenario()));
    } catch (error) {
      const answer = error && error.response && error.response.data;
      console.log("BROKEN", name, JSON.stringify(`${error && error.stack}\n${JSON.stringify(answer)}`));
    }
  }
}

main();
