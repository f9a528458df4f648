/** Elements by text only: nothing here ever parses markup. */
export function el<K extends keyof HTMLElementTagNameMap>(
  name: K,
  className = "",
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  if (className !== "") element.className = className;
  element.append(...children);
  return element;
}

export function button(label: string, title: string, action: () => void): HTMLButtonElement {
  const element = el("button", "", label);
  element.type = "button";
  element.title = title;
  element.addEventListener("click", action);
  return element;
}

/** Runs at most once a frame, with the last state of things. */
export function everyFrame(action: () => void): () => void {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      action();
    });
  };
}
