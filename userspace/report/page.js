"use strict";
(() => {
	const tables = [...document.querySelectorAll("table")];
	const value = (row, column) => {
		const cell = row.cells[column];
		return "v" in cell.dataset ? Number(cell.dataset.v) : cell.textContent.trim().toLowerCase();
	};
	const sort = (table, head) => {
		const column = head.cellIndex;
		const numbers = head.dataset.sort === "number";
		const before = head.getAttribute("aria-sort");
		const up = before ? before === "descending" : !numbers;
		const rows = [...table.tBodies[0].rows];
		rows.sort((a, b) => {
			const x = value(a, column), y = value(b, column);
			return (x < y ? -1 : x > y ? 1 : 0) * (up ? 1 : -1);
		});
		for (const other of head.parentNode.cells) other.removeAttribute("aria-sort");
		head.setAttribute("aria-sort", up ? "ascending" : "descending");
		table.tBodies[0].append(...rows);
	};
	for (const table of tables) {
		for (const head of table.tHead.rows[0].cells) {
			head.tabIndex = 0;
			head.addEventListener("click", () => sort(table, head));
			head.addEventListener("keydown", (event) => {
				if (event.key !== "Enter" && event.key !== " ") return;
				event.preventDefault();
				sort(table, head);
			});
		}
	}
	/* on a narrow screen a row is a list, and each cell has its heading before it */
	for (const table of tables)
		for (const row of table.tBodies[0].rows)
			for (const cell of row.cells) cell.dataset.label = table.tHead.rows[0].cells[cell.cellIndex].textContent;
	/* paper can't be opened */
	let closed = [];
	window.addEventListener("beforeprint", () => {
		closed = [...document.querySelectorAll("details:not([open])")];
		for (const fold of closed) fold.open = true;
	});
	window.addEventListener("afterprint", () => {
		for (const fold of closed) fold.open = false;
		closed = [];
	});
	const filter = document.getElementById("filter");
	filter.parentNode.hidden = false;
	filter.addEventListener("input", () => {
		const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
		for (const table of tables) {
			let shown = 0;
			for (const row of table.tBodies[0].rows) {
				const text = row.textContent.toLowerCase();
				const hit = words.every((word) => text.includes(word));
				row.classList.toggle("out", !hit);
				shown += hit;
			}
			const count = document.querySelector(`[data-count="${table.id}"]`);
			const all = table.tBodies[0].rows.length;
			count.textContent = words.length ? `${shown} of ${all}` : count.dataset.all;
		}
	});
})();
