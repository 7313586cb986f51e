# A toolchain file, because CMake reads only that from its environment. It includes the other file when WiredTiger's own
# CMakeLists.txt has begun.
set(CMAKE_PROJECT_WiredTiger_INCLUDE "${CMAKE_CURRENT_LIST_DIR}/precompile-wiredtiger.cmake")
