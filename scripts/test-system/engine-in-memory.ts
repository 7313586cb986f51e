/**
 * For the engine of @bulkhead/embedded: files and a log cost it a tenth of its CPU time. All tests together hold 300 MB
 * at once at most. Tests of crashes start an engine of their own with files.
 */
export const engineInMemory = { SECANTUS_WT_CONFIG_EXTRA: 'in_memory=true,log=(enabled=false),cache_size=2G' };
