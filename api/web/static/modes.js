// One tool at a time: entering one leaves the other, so that no colours of before stay on the map.
export function createModes(begin) {
  let current = null;

  function leave() {
    if (!current) return;
    const { button, ended } = current;
    current = null;
    button.setAttribute("aria-pressed", "false");
    ended?.();
  }

  // `ended` puts the map back; `click` answers clicks on the map instead of the card of a place.
  function enter(id, { ended, click } = {}) {
    if (current?.id === id) Object.assign(current, { ended, click });
    else {
      leave();
      begin();
      const button = document.getElementById(id);
      button.setAttribute("aria-pressed", "true");
      current = { id, button, ended, click };
    }
  }

  return { enter, leave, is: (id) => current?.id === id, click: () => current?.click };
}
