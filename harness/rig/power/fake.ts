/** A power switch in memory, for tests and for rigs that are switched by hand. Notes what was asked of it. */
import type { PowerDriver, PowerState } from "./power.ts";

export class FakePower implements PowerDriver {
  readonly name = "fake";
  readonly asked: ("on" | "off")[] = [];
  readonly #onChange: ((state: "on" | "off") => void | Promise<void>) | undefined;
  #state: PowerState;

  constructor(state: PowerState = "off", onChange?: (state: "on" | "off") => void | Promise<void>) {
    this.#state = state;
    this.#onChange = onChange;
  }

  get = async (): Promise<PowerState> => this.#state;

  async set(state: "on" | "off"): Promise<void> {
    this.asked.push(state);
    this.#state = state;
    await this.#onChange?.(state);
  }
}
