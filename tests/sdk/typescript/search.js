"use strict";
/** Search for roles with the SDK's own paginator, in both directions, and the count. */

const { sdk, configuration } = require("./client");

const PAGE = 250;

module.exports = async function scenario() {
  const api = new sdk.SearchApi(configuration);
  const search = (sort) => ({ indices: ["roles"], query: { query: "enabled:true" }, sort: [sort] });
  const walk = async (sort, limit) => (await sdk.Paginator.paginateSearchApi(api, search(sort), PAGE, limit)).data;
  const count = await api.searchCount({ search: search("id") });
  const up = (await walk("id")).map((role) => role.id);
  const down = (await walk("-id")).map((role) => role.id);
  const limited = await walk("name", 3 * PAGE);
  return {
    count: [count.status, Number(count.headers["x-total-count"]) === up.length],
    pages: Math.ceil(up.length / PAGE),
    sorted: up.every((id, place) => !place || up[place - 1] < id),
    down: JSON.stringify(down.reverse()) === JSON.stringify(up),
    limited: limited.length,
    type: [...new Set(limited.map((role) => role._type))],
  };
};
