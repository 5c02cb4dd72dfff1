// Makes assets/world.json: outlines of countries and a point in each, projected once so that the page needs no map code.
//
//     npm install world-atlas@2 d3-geo@3 topojson-client@3      (anywhere; this script is run from there)
//     node make_world.mjs ISO_3166-1.json > world.json           (the JSON file of Debian's package iso-codes)
//
// Outlines are of 1:110m, small enough to send; points are of 1:50m, because 1:110m lacks the small states where clouds live:
// Singapore, Hong Kong, Malta, Bahrain. Both are Natural Earth's, which is in the public domain.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.cwd(), "here.js"));
const { geoEqualEarth, geoPath, geoCentroid, geoArea } = await import(require.resolve("d3-geo"));
const { feature } = await import(require.resolve("topojson-client"));
const [WIDTH, HEIGHT] = [960, 430];
const codes = new Map(
  JSON.parse(readFileSync(process.argv[2]))["3166-1"].map((c) => [c.numeric, c.alpha_2]),
);
const read = (scale) => {
  const topology = JSON.parse(readFileSync(require.resolve(`world-atlas/countries-${scale}.json`)));
  return feature(topology, topology.objects.countries).features.filter((f) => f.id !== "010");
};
// Antarctica is left out: nothing is hosted there, and it takes a fifth of the height.
const small = read("110m");
const projection = geoEqualEarth().fitSize([WIDTH, HEIGHT], { type: "FeatureCollection", features: small });
const path = geoPath(projection).digits(1);

// The point of a country lies in its largest part: France is not in the Atlantic, on the way to Guiana.
const largest = (shape) => {
  if (shape.geometry.type !== "MultiPolygon") return shape;
  const parts = shape.geometry.coordinates.map((coordinates) => ({ type: "Polygon", coordinates }));
  return parts.reduce((a, b) => (geoArea(a) > geoArea(b) ? a : b));
};
const shapes = [];
for (const f of small) {
  const d = path(f);
  if (d) shapes.push([codes.get(f.id) ?? "", d]);
}
const points = {};
for (const f of read("50m")) {
  const code = codes.get(f.id);
  if (!code || points[code]) continue;
  points[code] = projection(geoCentroid(largest(f))).map((v) => Math.round(v * 10) / 10);
}
shapes.sort((a, b) => (a[0] < b[0] ? -1 : 1));
process.stdout.write(JSON.stringify({ width: WIDTH, height: HEIGHT, shapes, points }) + "\n");
