"use strict";
/** Page through 25,000 roles with the SDK's own search paginator while others write. */

const { createHash } = require("crypto");
const { sdk, configuration } = require("./client");

const PAGE = 250;

module.exports = async function scenario() {
  const api = new sdk.SearchApi(configuration);
  const found = {};
  for (const sort of ["id", "-name"]) {
    const search = { indices: ["roles"], query: { query: "name:crowd" }, sort: [sort] };
    const ids = (await sdk.Paginator.paginateSearchApi(api, search, PAGE, 100000)).data.map((role) => role.id);
    const digest = createHash("sha256").update([...ids].sort().join(" ")).digest("hex");
    found[sort] = [ids.length, new Set(ids).size, digest];
  }
  return found;
};
