"use strict";
/** Sources, entitlements, access profiles and common access: make, list, change, change many, read back. */

const { File } = require("node:buffer"); // a global from Node 20 on

const { sdk, configuration, roles, EXPERIMENTAL, replace, owner, makeRole, until, refused } = require("./client");

async function sources() {
  const api = new sdk.SourcesV2024Api(configuration);
  const document = { name: "Ts Source", connector: "delimited-file", owner: await owner() };
  const made = (await api.createSource({ sourceV2024: document, provisionAsCsv: true })).data;
  const listed = (await api.listSources({ filters: 'name eq "Ts Source"' })).data;
  const got = (await api.getSource({ id: made.id })).data;
  const deleted = await api.deleteSource({ id: made.id });
  return {
    made: [made.name, made.type],
    listed: listed.map((one) => one.id === made.id),
    got: got.name,
    deleted: deleted.status,
    gone: await refused(() => api.getSource({ id: made.id })),
  };
}

async function entitlements() {
  const api = new sdk.EntitlementsV2024Api(configuration);
  const page = { limit: 2, offset: 40, sorters: "name,id", count: true };
  const listed = await api.listEntitlements({ ...page, ...EXPERIMENTAL });
  const ids = listed.data.map((one) => one.id);
  const body = { entitlementIds: ids, jsonPatch: [replace("/requestable", false), replace("/privileged", true)] };
  const updated = await api.updateEntitlementsInBulk({ entitlementBulkUpdateRequestV2024: body, ...EXPERIMENTAL });
  const read = [];
  for (const id of ids) read.push((await api.getEntitlement({ id, ...EXPERIMENTAL })).data);
  return {
    listed: [ids.length, Number(listed.headers["x-total-count"]) > 1000],
    updated: updated.status,
    read: read.map((one) => [one.requestable, one.privileged]),
  };
}

async function accessProfiles() {
  const api = new sdk.AccessProfilesV2024Api(configuration);
  const entitled = new sdk.EntitlementsV2024Api(configuration);
  const held = (await entitled.listEntitlements({ limit: 1, ...EXPERIMENTAL })).data[0];
  const ids = [];
  for (const letter of "AB") {
    const profile = {
      name: `Ts Profile ${letter}`,
      enabled: true,
      owner: await owner(),
      source: { type: "SOURCE", id: held.source.id },
      entitlements: [{ type: "ENTITLEMENT", id: held.id }],
    };
    ids.push((await api.createAccessProfile({ accessProfileV2024: profile })).data.id);
  }
  const listed = (await api.listAccessProfiles({ filters: 'name sw "Ts Profile"', sorters: "-name" })).data;
  const change = [replace("/description", "changed by a scenario")];
  const patched = (await api.patchAccessProfile({ id: ids[0], jsonPatchOperationV2024: change })).data;
  const items = ids.map((id) => ({ id, requestable: false }));
  const many = { accessProfileBulkUpdateRequestInnerV2024: items, ...EXPERIMENTAL };
  const updated = await api.updateAccessProfilesInBulk(many);
  const read = [];
  for (const id of ids) read.push((await api.getAccessProfile({ id })).data.requestable);
  for (const id of ids) await api.deleteAccessProfile({ id });
  return {
    listed: listed.map((one) => one.name),
    patched: patched.description,
    updated: [updated.status, updated.data.map((one) => one.status)],
    read,
    gone: await refused(() => api.getAccessProfile({ id: ids[0] })),
  };
}

async function commonAccess() {
  const api = new sdk.IAICommonAccessV2024Api(configuration);
  const made = [];
  for (const number of [0, 1]) made.push(await makeRole(`Ts Shared ${number}`));
  for (const role of made) {
    const item = { access: { id: role.id, type: "ROLE" } };
    await api.createCommonAccess({ commonAccessItemRequestV2024: item, ...EXPERIMENTAL });
  }
  const chosen = { filters: 'access.name sw "Ts Shared"', sorters: "access.name", ...EXPERIMENTAL };
  const list = async () => (await api.getCommonAccess(chosen)).data;
  const shown = (items) => items.map((one) => [one.access.name, one.status, one.reviewedByUser]);
  const before = await list();
  const verdict = [{ confirmedIds: [before[0].id], deniedIds: [before[1].id] }];
  const many = { commonAccessIDStatusV2024: verdict, ...EXPERIMENTAL };
  const updated = await api.updateCommonAccessStatusInBulk(many);
  const after = await until(list, (items) => items.every((one) => one.reviewedByUser));
  await roles.deleteBulkRoles({ roleBulkDeleteRequestV2024: { roleIds: made.map((role) => role.id) } });
  return { before: shown(before), updated: updated.status, after: shown(after) };
}

function person(sourceId, accountName) {
  return {
    accountName,
    firstName: "William",
    lastName: "Smith",
    email: `${accountName}@example.com`,
    phone: "5125555555",
    manager: "admin",
    sourceId,
    startDate: "2020-03-24T00:00:00-05:00",
    endDate: "2099-03-25T00:00:00-05:00",
  };
}

async function nonEmployees() {
  const api = new sdk.NonEmployeeLifecycleManagementV2024Api(configuration);
  const identities = new sdk.PublicIdentitiesV2024Api(configuration);
  const me = (await identities.getPublicIdentities({ filters: 'alias eq "admin"' })).data[0].id;
  const document = { name: "Ts Contractors", description: "made", owner: { id: me }, approvers: [{ id: me }] };
  const source = (await api.createNonEmployeeSource({ nonEmployeeSourceRequestBodyV2024: document })).data;
  const template = (await api.exportNonEmployeeSourceSchemaTemplate({ id: source.id })).data;
  const body = person(source.id, "ts.direct");
  const record = (await api.createNonEmployeeRecord({ nonEmployeeRequestBodyV2024: body })).data;
  const asked = await api.createNonEmployeeRequest({ nonEmployeeRequestBodyV2024: person(source.id, "ts.asked") });
  const approval = asked.data.approvalItems[0].id;
  const decision = { comment: "welcome" };
  const answer = await api.approveNonEmployeeRequest({ id: approval, nonEmployeeApprovalDecisionV2024: decision });
  const chosen = { filters: `sourceId eq "${source.id}"`, sorters: "accountName", count: true };
  const listed = await api.listNonEmployeeRecords(chosen);
  const exported = (await api.exportNonEmployeeRecords({ id: source.id })).data;
  const many = { deleteNonEmployeeRecordsInBulkRequestV2024: { ids: listed.data.map((one) => one.id) } };
  const deleted = await api.deleteNonEmployeeRecordsInBulk(many);
  await api.deleteNonEmployeeSource({ sourceId: source.id });
  return {
    template: template.trim(),
    record: [record.accountName, record.startDate],
    approved: answer.data.approvalStatus,
    listed: [listed.headers["x-total-count"], listed.data.map((one) => one.accountName)],
    exported: exported.trim().split("\r\n").map((line) => line.split(",")[0]),
    deleted: deleted.status,
    gone: await refused(() => api.getNonEmployeeSource({ sourceId: source.id })),
  };
}

async function uploads() {
  const api = new sdk.NonEmployeeLifecycleManagementV2024Api(configuration);
  const identities = new sdk.PublicIdentitiesV2024Api(configuration);
  const me = (await identities.getPublicIdentities({ filters: 'alias eq "admin"' })).data[0].id;
  const document = { name: "Ts Uploads", description: "made", owner: { id: me }, approvers: [{ id: me }] };
  const { id } = (await api.createNonEmployeeSource({ nonEmployeeSourceRequestBodyV2024: document })).data;
  const status = async () => (await api.getNonEmployeeBulkUploadStatus({ id })).data.status;
  const before = await status();
  const header = (await api.exportNonEmployeeSourceSchemaTemplate({ id })).data.trim();
  const row = (account, manager) => `${account},Ann,Lee,5,${account}@example.com,${manager},2020-03-24,2099-03-25`;
  const upload = async (...rows) => {
    const data = new File([[header, ...rows].join("\r\n")], "upload.csv", { type: "text/csv" });
    const accepted = (await api.importNonEmployeeRecordsInBulk({ id, data })).data;
    for (const until = Date.now() + 60000; Date.now() < until; await pause(50)) {
      const found = await status();
      if (found === "COMPLETED" || found === "ERROR") return [accepted.status, accepted.sourceId === id, found];
    }
    return [accepted.status];
  };
  const good = await upload(row("ann", "admin"), row("bob", "admin"));
  const bad = await upload(row("cem", "admin"), row("dan", "nobody"));
  const exported = (await api.exportNonEmployeeRecords({ id })).data;
  const asked = await api.createNonEmployeeRequest({ nonEmployeeRequestBodyV2024: person(id, "asked.smith") });
  const decision = { id: asked.data.approvalItems[0].id, nonEmployeeApprovalDecisionV2024: { comment: "welcome" } };
  const { approvalStatus } = (await api.approveNonEmployeeRequest(decision)).data;
  const chosen = { filters: `sourceId eq "${id}"`, sorters: "accountName" };
  const records = (await api.listNonEmployeeRecords(chosen)).data.map((one) => one.accountName);
  await api.deleteNonEmployeeSource({ sourceId: id });
  const accounts = exported.trim().split("\r\n").map((line) => line.split(",")[0]);
  return { before: before === undefined, good, bad, exported: accounts, approved: [approvalStatus, records] };
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

module.exports = async function scenario() {
  return {
    sources: await sources(),
    entitlements: await entitlements(),
    accessProfiles: await accessProfiles(),
    commonAccess: await commonAccess(),
    nonEmployees: await nonEmployees(),
    uploads: await uploads(),
  };
};
