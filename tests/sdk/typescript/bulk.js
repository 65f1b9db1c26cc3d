"use strict";
/** The main job: roles' metadata by ids, by filter and by query, each polled to COMPLETED and read back. */

const { roles, makeRole, until } = require("./client");

const TRIES = 30; // jobs are fast: how often to submit until the list of unfinished jobs shows one
const WORD = "Wombat";

const byIds = (request) => roles.updateRolesMetadataByIds({ roleMetadataBulkUpdateByIdRequestV2024: request });
const byFilter = (request) =>
  roles.updateRolesMetadataByFilter({ roleMetadataBulkUpdateByFilterRequestV2024: request });
const byQuery = (request) => roles.updateRolesMetadataByQuery({ roleMetadataBulkUpdateByQueryRequestV2024: request });

/** The SDK drops the id and calls the literal `bulk-update/id`, which the server answers with our newest job. */
async function finish(job) {
  const ask = async () => (await roles.getBulkUpdateStatusById({ id: job.id })).data;
  const status = await until(ask, (one) => one.status === "COMPLETED");
  return [status.id === job.id, status.type, status.status];
}

async function values(id) {
  const held = (await roles.getRole({ id })).data.accessModelMetadata;
  const region = ((held && held.attributes) || []).find((one) => one.key === "region");
  return region ? region.values.map((value) => value.value).sort() : null;
}

async function unfinished() {
  const everything = { indices: ["roles"], query: { query: "*" } };
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const change = [{ attributeKey: "region", attributeValue: ["latam"] }];
    const operation = attempt % 2 ? "REMOVE" : "ADD";
    const job = (await byQuery({ query: everything, operation, values: change })).data;
    const listed = (await roles.getBulkUpdateStatus()).data.filter((one) => one.id === job.id);
    await finish(job);
    if (listed.length) {
      const after = (await roles.getBulkUpdateStatus()).data.map((one) => one.id);
      return { type: listed[0].type, status: listed[0].status, after: after.includes(job.id) };
    }
  }
  return {};
}

module.exports = async function scenario() {
  const made = [];
  for (let number = 0; number < 4; number++) made.push(await makeRole(`${WORD} ${number}`));
  const ids = made.map((role) => role.id);
  const query = { indices: ["roles"], queryType: "SAILPOINT", query: { query: `name:${WORD} AND enabled:true` } };
  const steps = {};
  const step = async (name, answer) => {
    const job = await finish(answer.data);
    steps[name] = { accepted: answer.status, job, read: await Promise.all(ids.map(values)) };
  };
  const some = { roles: ids.slice(0, 2), operation: "REPLACE", replaceScope: "ATTRIBUTE" };
  await step("ids", await byIds({ ...some, values: [{ attribute: "region", values: ["emea", "dach"] }] }));
  const chosen = { filters: `name sw "${WORD}"`, operation: "ADD" };
  await step("filter", await byFilter({ ...chosen, values: [{ attributeKey: "region", values: ["apac"] }] }));
  const taken = [{ attributeKey: "region", attributeValue: ["emea"] }];
  await step("query", await byQuery({ query, operation: "REMOVE", values: taken }));
  const seen = await unfinished();
  await roles.deleteBulkRoles({ roleBulkDeleteRequestV2024: { roleIds: ids } });
  return { steps, unfinished: seen };
};
