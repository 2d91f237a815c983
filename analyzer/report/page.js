"use strict";
// Sorts by the column whose head is chosen, and hides rows without the text that is looked for.
for (const table of document.querySelectorAll(".sortable")) {
  const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
  const key = (row, at) => row.cells[at].dataset.key ?? row.cells[at].textContent;
  const number = text => text.trim() === "" ? NaN : Number(text.replaceAll(",", ""));
  const compare = (a, b) => Number.isNaN(number(a)) || Number.isNaN(number(b))
    ? (a < b ? -1 : a > b ? 1 : 0) : number(a) - number(b);
  const sort = at => {
    const down = heads[at].getAttribute("aria-sort") === "ascending" ? -1 : 1;
    heads.forEach(head => head.removeAttribute("aria-sort"));
    heads[at].setAttribute("aria-sort", down === 1 ? "ascending" : "descending");
    body.append(...[...body.rows].sort((a, b) => down * compare(key(a, at), key(b, at))));
  };
  heads.forEach((head, at) => {
    head.tabIndex = 0;
    head.onclick = () => sort(at);
    head.onkeydown = event => { if (event.key === "Enter") sort(at); };
  });
  const search = table.parentElement.querySelector("input");
  if (search) search.oninput = () => {
    const wanted = search.value.toLowerCase();
    for (const row of body.rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  };
}
