// Without this script, every example is shown.
const form = document.getElementById("filter");
const cards = [...document.querySelectorAll("article")].map((card) => ({
  card,
  outcome: card.dataset.outcome,
  text: [...card.querySelectorAll(".text")].map((one) => one.textContent).join("\n").toLowerCase(),
}));
const told = form.querySelector("output");

function show() {
  const outcome = form.elements.outcome.value;
  const words = form.elements.words.value.toLowerCase();
  let shown = 0;
  for (const one of cards) {
    const fits = (outcome === "all" || one.outcome === outcome) && one.text.includes(words);
    one.card.hidden = !fits;
    shown += fits;
  }
  told.textContent = `${shown} of ${cards.length} shown`;
}

form.addEventListener("input", show);
form.addEventListener("submit", (event) => event.preventDefault());
form.hidden = false;
show();
