import type { MhiState } from "../../mhi/mhi-state.ts";
import { ElementType, elementCode, elementType } from "../../mhi/ring-element.ts";
import type { PostedEvent } from "../mhi-device/event-rings.ts";

/** The event that tells the host of this state. */
export const tellsState = (event: PostedEvent, state: MhiState): boolean =>
  elementType(event.dword1) === ElementType.STATE_CHANGE_EVENT && elementCode(event.dword0 >>> 0) === state;
