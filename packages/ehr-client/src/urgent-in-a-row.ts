/** After so many places for the more urgent the next one is for whoever waits behind, so that nothing starves: one in eight. */
export const urgentInARow = 7;
