// What the page brings along: reasons of rejects, remedies of dead letters, samples of formats, prices.

const block = document.getElementById("facts");
const given = block ? JSON.parse(block.textContent) : {};

export const facts = { reasons: {}, remedies: {}, formats: {}, dollars: null, ...given };
