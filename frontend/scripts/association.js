// The association test, for self-reflection. Seven blocks after Greenwald, Nosek and Banaji (2003), run by jsPsych. The trials live
// in a variable of this page until it is left: nothing is sent, and nothing is stored.
import { initJsPsych, ParameterType } from "jspsych";
import IatHtmlPlugin from "@jspsych/plugin-iat-html";
import { score } from "./association-score.js";

export { score };

const LEFT = "e";
const RIGHT = "i";
const PAUSE = 250;
const SCORED = [3, 4, 6, 7];

// Pages between the blocks: what comes, and a button to go on.
class Instruction {
  static info = { name: "instruction", version: "1", parameters: { show: { type: ParameterType.FUNCTION } }, data: {} };

  constructor(jsPsych) {
    this.jsPsych = jsPsych;
  }

  trial(element, { show }) {
    element.replaceChildren();
    show(element, () => this.jsPsych.finishTrial({}));
  }
}

const page = document.querySelector("[data-association]");
if (page) {
  const said = JSON.parse(document.getElementById("association-texts").textContent);
  const words = JSON.parse(document.getElementById("association-words").textContent);
  const start = page.querySelector("[data-start]");
  start.hidden = false;
  page.querySelector("[data-without]").hidden = true;
  start.addEventListener("click", () => begin(page, said, words, Math.random));
}

function begin(page, said, words, random) {
  const stage = page.querySelector("[data-stage]");
  const controls = page.querySelector("[data-controls]");
  const result = page.querySelector("[data-result]");
  const trials = [];
  let left = false;
  const jsPsych = initJsPsych({ display_element: stage, default_iti: PAUSE, minimum_valid_rt: 0, on_finish: finish });
  const pairing = random() < 0.5 ? ["little", "much"] : ["much", "little"]; // which shares a side with "dangerous" first
  page.querySelector("[data-before]").hidden = true;
  result.hidden = true;
  controls.hidden = stage.hidden = false;
  stage.scrollIntoView({ block: "nearest" });
  const press = { left: LEFT, right: RIGHT };
  const pressed = (event) => {
    event.preventDefault();
    jsPsych.pluginAPI.pressKey(press[event.currentTarget.dataset.side]);
  };
  const leave = () => {
    left = true;
    jsPsych.abortExperiment();
  };
  const escape = (event) => event.key === "Escape" && leave();
  const sides = [...controls.querySelectorAll("[data-side]")];
  for (const button of sides) button.addEventListener("pointerdown", pressed);
  controls.querySelector("[data-leave]").addEventListener("click", leave);
  document.addEventListener("keydown", escape);
  jsPsych.run(timeline());

  // Sides of the seven blocks: [left, right, how many trials]. The other pairing changes the sides of the places.
  function blocks() {
    const [first, second] = pairing;
    return [
      [[first], [second], 20],
      [["dangerous"], ["safe"], 20],
      [[first, "dangerous"], [second, "safe"], 20],
      [[first, "dangerous"], [second, "safe"], 40],
      [[second], [first], 40],
      [[second, "dangerous"], [first, "safe"], 20],
      [[second, "dangerous"], [first, "safe"], 40],
    ];
  }

  function timeline() {
    return blocks().flatMap(([left, right, count], at) => [
      { type: Instruction, show: (element, go) => instruct(element, go, at + 1, left, right) },
      ...stimuli(left, right, count).map(([category, word]) => trial(at + 1, left, right, category, word)),
    ]);
  }

  // Words in random order; where two kinds are sorted, places and meanings take turns.
  function stimuli(left, right, count) {
    const kinds = left.map((_, at) => [left[at], right[at]]);
    const piles = kinds.map((pair) => pile(pair, count));
    return Array.from({ length: count }, (_, at) => piles[at % kinds.length][at]);
  }

  function pile(pair, count) {
    const found = [];
    while (found.length < count) found.push(...shuffled(pair.flatMap((name) => words[name].words.map((word) => [name, word]))));
    return found;
  }

  function shuffled(list) {
    for (let at = list.length - 1; at > 0; at -= 1) {
      const other = Math.floor(random() * (at + 1));
      [list[at], list[other]] = [list[other], list[at]];
    }
    return list;
  }

  function trial(block, left, right, category, word) {
    return {
      type: IatHtmlPlugin,
      stimulus: escaped(word),
      stim_key_association: left.includes(category) ? "left" : "right",
      left_category_key: LEFT,
      right_category_key: RIGHT,
      left_category_label: left,
      right_category_label: right,
      display_feedback: true,
      force_correct_key_press: true,
      html_when_wrong: "<span class='wrong-mark'>✕</span>",
      bottom_instructions: "",
      on_load: () => {
        label("#trial_left_align", left);
        label("#trial_right_align", right);
        for (const [at, names] of [left, right].entries()) sides[at].querySelector("span").textContent = joined(names);
        stage.focus({ preventScroll: true });
      },
      on_finish: ({ rt, correct }) => {
        if (SCORED.includes(block)) trials.push({ block, rt, correct });
      },
    };
  }

  function label(where, names) {
    const element = stage.querySelector(where);
    element.replaceChildren(...names.map((name) => make("b", words[name].label)));
    element.dataset.names = names.join(" ");
  }

  function instruct(element, go, block, left, right) {
    const button = make("button", said.go);
    button.type = "button";
    button.className = "button primary";
    button.addEventListener("click", go);
    const heading = make("h2", said.block.replace("{block}", block));
    element.append(
      heading,
      make("p", said.left.replace("{key}", LEFT.toUpperCase()).replace("{names}", joined(left))),
      make("p", said.right.replace("{key}", RIGHT.toUpperCase()).replace("{names}", joined(right))),
      make("p", said.wrong),
      button,
    );
    for (const each of sides) each.querySelector("span").textContent = "";
    button.focus({ preventScroll: true });
  }

  function joined(names) {
    return names.map((name) => words[name].label).join(` ${said.or} `);
  }

  function finish() {
    document.removeEventListener("keydown", escape);
    for (const button of sides) button.removeEventListener("pointerdown", pressed);
    stage.replaceChildren();
    stage.hidden = controls.hidden = true;
    result.hidden = false;
    const { d, why } = left ? { d: null, why: "left" } : score(trials);
    trials.length = 0;
    result.querySelector("[data-said]").textContent = d === null ? said.none[why] : sentence(d);
    result.querySelector("[data-d]").textContent = d === null ? "" : said.d.replace("{d}", d.toFixed(2));
    result.querySelector("[data-meaning]").hidden = d === null;
    result.focus({ preventScroll: true });
    result.scrollIntoView({ block: "nearest" });
  }

  // Cut-offs .15, .35, .65 are the customary ones; they say how large D is, not how a person acts.
  function sentence(d) {
    const size = [0.15, 0.35, 0.65].filter((limit) => Math.abs(d) > limit).length;
    const faster = d > 0 ? pairing[0] : pairing[1];
    return said.sizes[size].replace("{place}", words[faster].label).replace("{meaning}", words.dangerous.label);
  }
}

function make(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

function escaped(text) {
  return make("i", text).innerHTML;
}
