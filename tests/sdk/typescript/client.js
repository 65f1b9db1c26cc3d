"use strict";
/** What scenarios share: the official client (from NODE_PATH) with its token taken, and waiting. */

const sdk = require("sailpoint-api-client");

const JOB_MILLISECONDS = 30000;

const url = process.env.SCENARIO_URL;
const configuration = new sdk.Configuration({
  baseurl: url,
  tokenUrl: `${url}/oauth/token`,
  clientId: process.env.SCENARIO_CLIENT_ID,
  clientSecret: process.env.SCENARIO_CLIENT_SECRET,
});
configuration.experimental = true;

const roles = new sdk.RolesV2024Api(configuration);
const EXPERIMENTAL = { xSailPointExperimental: "true" };

const replace = (path, value) => ({ op: "replace", path, value });
const pause = () => new Promise((resolve) => setTimeout(resolve, 20));

async function owner() {
  const people = await new sdk.PublicIdentitiesV2024Api(configuration).getPublicIdentities({ limit: 1 });
  return { type: "IDENTITY", id: people.data[0].id, name: people.data[0].name };
}

async function makeRole(name) {
  const role = { name, description: "made by a scenario", owner: await owner(), enabled: true };
  return (await roles.createRole({ roleV2024: role })).data;
}

/** Ask until `good` says so of an answer; hands back the last one. */
async function until(ask, good) {
  const deadline = Date.now() + JOB_MILLISECONDS;
  let answer = await ask();
  while (!good(answer) && Date.now() < deadline) {
    await pause();
    answer = await ask();
  }
  return answer;
}

/** The status of a refused call. */
async function refused(call) {
  try {
    return (await call()).status;
  } catch (error) {
    return error.response.status;
  }
}

module.exports = { sdk, configuration, roles, EXPERIMENTAL, replace, owner, makeRole, until, refused };
