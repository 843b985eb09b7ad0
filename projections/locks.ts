/** Advisory locks; any numbers that nothing else locks. */

/** Held for the length of a transaction by whoever writes the projections in use, or puts others in their place. */
export const PROJECTION_LOCK = 7_306_001;

/** Held by a session for the length of a rebuild: when its process dies, another has it. */
export const REBUILD_LOCK = 7_306_002;
