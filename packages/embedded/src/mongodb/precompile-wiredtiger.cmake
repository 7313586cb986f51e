# Parses the header of 230 files once. The compiler needs more than half of its time for it otherwise. Deferred to the end
# of CMakeLists.txt, where the target exists.
cmake_language(DEFER CALL target_precompile_headers wt_objs PRIVATE
  "$<$<COMPILE_LANGUAGE:C>:${CMAKE_CURRENT_SOURCE_DIR}/src/include/wt_internal.h>")
