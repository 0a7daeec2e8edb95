// A viewer's own recommendations on the viewer's own device: one least-squares problem, then the best unseen titles.
// Stands alone, in browsers and in node; nothing leaves the device.
//
//   const model = await load(name => fetch("bundle/" + name).then(response => response.arrayBuffer()));
//   model.recommend(["t12", "t7"], 20)   // [["t3", 0.81], ...]

/** Item factors, row by row in one Float64Array of titles.length * width, and what goes with them. */
export class Model {
  constructor(titles, factors, width, regularisation, unobserved) {
    this.titles = titles;
    this.places = new Map(titles.map((title, place) => [title, place]));
    this.factors = factors;
    this.width = width;
    this.base = new Float64Array(width * width);
    for (let place = 0; place < titles.length; place++) this.addOuter(this.base, place, unobserved);
    for (let i = 0; i < width; i++) this.base[i * width + i] += regularisation;
  }

  /** The k best titles that are not in the history, an iterable of titles, with their scores; unknown titles add nothing.
   *  Equal scores come in the order of the titles. Empty for a history without a known title. */
  recommend(history, k) {
    const seen = new Set([...history].filter(title => this.places.has(title)).map(title => this.places.get(title)));
    if (seen.size === 0) return [];
    const system = this.base.slice();
    const right = new Float64Array(this.width);
    for (const place of seen) {
      this.addOuter(system, place, 1);
      for (let i = 0; i < this.width; i++) right[i] += this.factors[place * this.width + i];
    }
    const vector = solve(system, right);
    const scored = [];
    for (let place = 0; place < this.titles.length; place++) {
      if (seen.has(place)) continue;
      let score = 0;
      for (let i = 0; i < this.width; i++) score += vector[i] * this.factors[place * this.width + i];
      scored.push([place, score]);
    }
    scored.sort((one, other) => other[1] - one[1] || one[0] - other[0]);
    return scored.slice(0, k).map(([place, score]) => [this.titles[place], score]);
  }

  addOuter(matrix, place, weight) {
    const at = place * this.width;
    for (let i = 0; i < this.width; i++)
      for (let j = 0; j < this.width; j++)
        matrix[i * this.width + j] += weight * this.factors[at + i] * this.factors[at + j];
  }
}

/** From a bundle; `read` gives the bytes of a file of it, by name, as an ArrayBuffer. */
export async function load(read) {
  const text = async name => JSON.parse(new TextDecoder().decode(await read(name)));
  const [manifest, titles, content] = [await text("manifest.json"), await text("titles.json"), await read("factors.bin")];
  const view = new DataView(content);
  const [count, width] = [view.getUint32(4, true), view.getUint32(8, true)];
  const magic = String.fromCharCode(...new Uint8Array(content, 0, 4));
  if (magic !== "MPF1" || count !== titles.length || content.byteLength !== 16 + 4 * count * width)
    throw new Error("factors.bin is not what the manifest describes");
  const factors = new Float64Array(count * width);
  for (let n = 0; n < factors.length; n++) factors[n] = view.getFloat32(16 + 4 * n, true);
  return new Model(titles, factors, width, manifest.regularisation, manifest.unobserved);
}

/** Solves a symmetric positive definite system (Cholesky); `matrix`, row by row, is overwritten. */
function solve(matrix, right) {
  const n = right.length;
  const x = right.slice();
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * n + j];
      for (let m = 0; m < j; m++) sum -= matrix[i * n + m] * matrix[j * n + m];
      matrix[i * n + j] = i === j ? Math.sqrt(sum) : sum / matrix[j * n + j];
    }
    for (let m = 0; m < i; m++) x[i] -= matrix[i * n + m] * x[m];
    x[i] /= matrix[i * n + i];
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let m = i + 1; m < n; m++) x[i] -= matrix[m * n + i] * x[m];
    x[i] /= matrix[i * n + i];
  }
  return x;
}
