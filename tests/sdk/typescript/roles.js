"use strict";
/** Roles: create, list with filter, sorter and count, the paginator, get, patch, delete. */

const { sdk, roles, replace, makeRole, refused } = require("./client");

module.exports = async function scenario() {
  const made = [];
  for (const letter of "CAB") made.push(await makeRole(`Ts Role ${letter}`));
  const chosen = { filters: 'name sw "Ts Role"', sorters: "-name", count: true };
  const listed = await roles.listRoles({ ...chosen, limit: 2 });
  const pages = await sdk.Paginator.paginate(roles, roles.listRoles, { limit: 130 }, 50);
  const got = (await roles.getRole({ id: made[0].id })).data;
  const change = [replace("/description", "changed by a scenario"), replace("/requestable", true)];
  const patched = (await roles.patchRole({ id: made[0].id, jsonPatchOperationV2024: change })).data;
  await roles.deleteRole({ id: made[0].id });
  const rest = { roleIds: made.slice(1).map((role) => role.id) };
  const task = (await roles.deleteBulkRoles({ roleBulkDeleteRequestV2024: rest })).data;
  const gone = [];
  for (const role of made) gone.push(await refused(() => roles.getRole({ id: role.id })));
  return {
    made: made.map((role) => [role.name, role.enabled, role.owner.type]),
    listed: [listed.headers["x-total-count"], listed.data.map((role) => role.name)],
    paginated: [pages.data.length, new Set(pages.data.map((role) => role.id)).size],
    got: [got.name, got.description],
    patched: [patched.description, patched.requestable],
    task: task.type,
    gone,
  };
};
