/** For two cores. Most tests wait for more than half of their time, so three workers leave a tenth of the cores idle. */
export const maxWorkers = 4;
