// Golden vectors: strings that the IAB Tech Lab's own encoders write, and the fields that its decoders read back.
// Run where node is installed, in this folder: npm install && npm run generate. The seed makes the same files each time.
import { writeFileSync } from 'node:fs';
import * as gppLibrary from '@iabgpp/cmpapi';
import { GVL, PurposeRestriction, TCModel, TCString, Segment } from '@iabtcf/core';

let state = 20260301;
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const below = (n) => Math.floor(random() * n);
const some = (n, share) => Array.from({ length: n }, (_, i) => i + 1).filter(() => random() < share);
const from = (first, last) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

const VENDORS = 1200;
function vendorList() {
  const named = (numbers) => Object.fromEntries(numbers.map((id) => [id, { id, name: '', description: '' }]));
  const vendor = (id) => ({
    id, name: '', policyUrl: '', features: [], specialFeatures: [1, 2], specialPurposes: [1],
    purposes: [1, 2, 3, 4, 5, 6, 8], legIntPurposes: [7, 9, 10, 11], flexiblePurposes: [2, 7, 8, 9, 10, 11],
  });
  return new GVL({
    gvlSpecificationVersion: 3, vendorListVersion: 300, tcfPolicyVersion: 5, lastUpdated: '2026-01-01T00:00:00Z',
    purposes: named(from(1, 11)), specialPurposes: named([1, 2, 3]), features: named([1, 2, 3]),
    specialFeatures: named([1, 2]), stacks: {}, dataCategories: {},
    vendors: Object.fromEntries(from(1, VENDORS).map((id) => [id, vendor(id)])),
  });
}

const ids = (vector) => [...vector].filter(([, held]) => held).map(([id]) => id);
function tcfFields(text) {
  const model = TCString.decode(text);
  const restrictions = [];
  for (const restriction of model.publisherRestrictions.getRestrictions()) {
    const vendors = model.publisherRestrictions.getVendors(restriction);
    restrictions.push({ purpose: restriction.purposeId, kind: restriction.restrictionType, vendors });
  }
  return {
    created: model.created.toISOString(), updated: model.lastUpdated.toISOString(),
    cmp_id: model.cmpId, cmp_version: model.cmpVersion, consent_screen: model.consentScreen,
    consent_language: model.consentLanguage, vendor_list_version: model.vendorListVersion,
    policy_version: model.policyVersion, is_service_specific: model.isServiceSpecific,
    use_non_standard_texts: model.useNonStandardStacks, special_features: ids(model.specialFeatureOptins),
    consents: ids(model.purposeConsents), interests: ids(model.purposeLegitimateInterests),
    purpose_one_treatment: model.purposeOneTreatment, publisher_country: model.publisherCountryCode,
    vendor_consents: ids(model.vendorConsents), vendor_interests: ids(model.vendorLegitimateInterests),
    restrictions, disclosed: ids(model.vendorsDisclosed), publisher_consents: ids(model.publisherConsents),
    publisher_interests: ids(model.publisherLegitimateInterests), custom_purposes: model.numCustomPurposes,
    custom_consents: ids(model.publisherCustomConsents),
    custom_interests: ids(model.publisherCustomLegitimateInterests),
  };
}

function tcfVector(list, name, { vendors, segments, restricted = 0, custom = 0 }) {
  const model = new TCModel(list);
  model.created = new Date(Date.UTC(2025, below(12), 1 + below(28)));
  model.lastUpdated = new Date(model.created.getTime() + below(400) * 86400000);
  Object.assign(model, {
    cmpId: 2 + below(4000), cmpVersion: 1 + below(4000), consentScreen: below(60), isServiceSpecific: true,
    publisherCountryCode: ['DE', 'FR', 'ZA', 'AA'][below(4)], useNonStandardStacks: random() < 0.3,
    purposeOneTreatment: random() < 0.2,
  });
  model.specialFeatureOptins.set(some(2, 0.5));
  model.purposeConsents.set(some(11, 0.6));
  model.purposeLegitimateInterests.set(some(11, 0.5).filter((purpose) => purpose === 2 || purpose > 6));
  model.vendorConsents.set(vendors());
  model.vendorLegitimateInterests.set(vendors());
  model.publisherConsents.set(some(11, 0.5));
  model.publisherLegitimateInterests.set(some(11, 0.3));
  model.numCustomPurposes = custom;
  model.publisherCustomConsents.set(some(custom, 0.5));
  model.publisherCustomLegitimateInterests.set(some(custom, 0.5));
  for (let i = 0; i < restricted; i += 1) {
    const restriction = new PurposeRestriction([2, 7, 8, 9, 10][below(5)], below(3));
    const first = 1 + below(300);
    for (const vendor of [first, ...from(first + 2, first + 2 + below(20))]) {
      model.publisherRestrictions.add(vendor, restriction);
    }
  }
  const text = TCString.encode(model, { segments: [Segment.CORE, ...segments] });
  return { name, segments, text, fields: tcfFields(text) };
}

const kinds = {
  none: () => [],
  few: () => some(30, 0.4),
  many: () => some(VENDORS, 0.5),
  sparse: () => some(VENDORS, 0.01),
  runs: () => [...from(1, 40 + below(100)), ...from(300, 300 + below(500)), 1000, VENDORS],
};
const { PUBLISHER_TC, VENDORS_DISCLOSED } = Segment;
const list = vendorList();
await list.readyPromise;
const tcf = [];
for (const [kind, vendors] of Object.entries(kinds)) {
  for (const [i, segments] of [[], [VENDORS_DISCLOSED], [PUBLISHER_TC, VENDORS_DISCLOSED], [PUBLISHER_TC]].entries()) {
    const restricted = 3 * (i % 2), custom = 3 * i;
    tcf.push(tcfVector(list, `${kind} ${segments.join(' ')}`.trim(), { vendors, segments, restricted, custom }));
  }
}

const sections = Object.values(gppLibrary)
  .filter((value) => typeof value === 'function' && /^us[a-z]+$/.test(value.NAME ?? ''))
  .sort((a, b) => a.ID - b.ID);
function randomised(section, version) {
  const part = new section();
  for (const [field, value] of Object.entries(part.toObj())) {
    if (field === 'Gpc') part.setFieldValue(field, random() < 0.5);
    else if (Array.isArray(value)) part.setFieldValue(field, value.map(() => below(3)));
    else if (field === 'MspaCoveredTransaction') part.setFieldValue(field, 1 + below(2));
    else if (!/Version|SegmentType/.test(field)) part.setFieldValue(field, below(3));
  }
  if (version !== undefined) part.setFieldValue('Version', version);
  // A section that has a second segment may leave it out; the flag for that is no field of the string.
  for (const field of ['GpcSegmentIncluded', 'SensitiveDataConsentSegmentIncluded']) {
    if (part.segments.some((segment) => segment.hasField(field))) part.setFieldValue(field, random() < 0.7);
  }
  return part;
}
function gppVector(name, parts) {
  const model = new gppLibrary.GppModel();
  for (const [section, version] of parts) {
    if (section.NAME === 'uspv1') {
      for (const field of ['Notice', 'OptOutSale', 'LspaCovered']) {
        model.setFieldValue('uspv1', field, ['Y', 'N', '-'][below(3)]);
      }
    } else {
      const part = randomised(section, version);
      model.setFieldValue(section.NAME, 'MspaCoveredTransaction', 1);
      model.decodeSection(section.NAME, part.encode());
    }
  }
  const text = model.encode();
  const read = new gppLibrary.GppModel(text);
  const fields = Object.fromEntries(parts.map(([section]) => [section.NAME, read.getSection(section.NAME)]));
  for (const [section] of parts) {
    const encoded = read.encodeSection(section.NAME);
    if (!encoded.includes('.')) delete fields[section.NAME].Gpc;
    if (!encoded.includes('.') && section.ID >= 25) delete fields[section.NAME].SensitiveDataProcessing;
  }
  return { name, ids: read.getSectionIds(), text, fields };
}
const gpp = [];
for (const section of sections) {
  gpp.push(gppVector(section.NAME, [[section]]), gppVector(`${section.NAME} again`, [[section]]));
}
gpp.push(gppVector('usnat version 1', [[gppLibrary.UsNat, 1]]));
gpp.push(gppVector('uspv1', [[gppLibrary.UspV1]]));
gpp.push(gppVector('uspv1 usnat usca', [[gppLibrary.UspV1], [gppLibrary.UsNat], [gppLibrary.UsCa]]));
for (let i = 0; i < 5; i += 1) {
  gpp.push(gppVector(`mix ${i}`, sections.filter(() => random() < 0.3).map((section) => [section])));
}
gpp.push(gppVector('all', sections.map((section) => [section])));
const european = new gppLibrary.GppModel();
european.setFieldValue('tcfeuv2', 'VendorListVersion', 300);
european.setFieldValue('tcfeuv2', 'PurposeConsents', from(1, 24).map((purpose) => purpose === 1 || purpose === 4));
european.setFieldValue('tcfeuv2', 'VendorConsents', [2, 5, 6, 7, ...from(100, 400)]);
european.setFieldValue('tcfeuv2', 'VendorsDisclosed', from(1, 400));
european.setFieldValue('tcfeuv2', 'PublisherConsents', from(1, 24).map((purpose) => purpose === 8));
european.setFieldValue('tcfeuv2', 'Created', new Date(Date.UTC(2026, 4, 1)));
gpp.push({
  name: 'tcfeuv2', ids: [2], text: european.encode(),
  fields: { tcfeuv2: new gppLibrary.GppModel(european.encode()).getSection('tcfeuv2') },
});

const write = (name, vectors) =>
  writeFileSync(name, `[\n${vectors.map((vector) => JSON.stringify(vector)).join(',\n')}\n]\n`);
write('tcf.json', tcf);
write('gpp.json', gpp);
