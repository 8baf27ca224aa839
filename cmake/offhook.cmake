# How offhook's targets are made: one static library per room, one program, tests by glob.

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

add_library(oh_options INTERFACE)
target_compile_definitions(oh_options INTERFACE _GNU_SOURCE OH_VERSION="${PROJECT_VERSION}")
target_compile_options(oh_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla
  -Wformat=2 -fno-common -fno-omit-frame-pointer)
# Assertions stay in every build type: a wrong verdict is worse than none.
target_compile_options(oh_options INTERFACE -UNDEBUG)
target_include_directories(oh_options INTERFACE ${PROJECT_SOURCE_DIR}/harness ${PROJECT_SOURCE_DIR})
if(OFFHOOK_WERROR)
  target_compile_options(oh_options INTERFACE -Werror)
endif()
if(OFFHOOK_SANITIZE)
  target_compile_options(oh_options INTERFACE -fsanitize=${OFFHOOK_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(oh_options INTERFACE -fsanitize=${OFFHOOK_SANITIZE})
endif()
# What guides libFuzzer and costs the tests nothing, where they share its build; the fuzz preset asks for
# all of its instruments.
if(OFFHOOK_FUZZ AND OFFHOOK_SANITIZE AND NOT OFFHOOK_SANITIZE MATCHES "fuzzer")
  target_compile_options(oh_options INTERFACE -fsanitize-coverage=inline-8bit-counters,pc-table)
endif()
if(OFFHOOK_COVERAGE)
  target_compile_options(oh_options INTERFACE --coverage)
  target_link_options(oh_options INTERFACE --coverage)
endif()
# Third-party headers are system headers: their warnings are not ours.
function(oh_sources out dir)
  file(GLOB_RECURSE found CONFIGURE_DEPENDS ${dir}/*.c)
  set(${out} ${found} PARENT_SCOPE)
endfunction()

# oh_room(NAME [DIRECTORY dir] [USES room...] [LIBRARIES lib...])
function(oh_room name)
  cmake_parse_arguments(R "" "DIRECTORY" "USES;LIBRARIES" ${ARGN})
  if(NOT R_DIRECTORY)
    set(R_DIRECTORY harness/${name})
  endif()
  list(TRANSFORM R_USES PREPEND oh_)
  oh_sources(sources ${PROJECT_SOURCE_DIR}/${R_DIRECTORY})
  if(sources)
    add_library(oh_${name} STATIC ${sources})
    target_link_libraries(oh_${name} PUBLIC ${R_USES} oh_options PRIVATE ${R_LIBRARIES})
  else() # a room with headers only
    add_library(oh_${name} INTERFACE)
    target_link_libraries(oh_${name} INTERFACE ${R_USES} oh_options ${R_LIBRARIES})
  endif()
endfunction()

# oh_program(NAME DIRECTORY dir [USES room...] [LIBRARIES lib...])
function(oh_program name)
  cmake_parse_arguments(P "" "DIRECTORY" "USES;LIBRARIES" ${ARGN})
  list(TRANSFORM P_USES PREPEND oh_)
  oh_sources(sources ${PROJECT_SOURCE_DIR}/${P_DIRECTORY})
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE ${P_USES} oh_options ${P_LIBRARIES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
endfunction()

# oh_collect(NAME DIRECTORY dir [TARGET room]): one file per thing, found by being there. Writes
# <build>/collected/NAME.def with a line OH_COLLECT(stem) for each dir/<stem>.c, in name order; the room's
# registry includes it twice: once to declare, once to list.
function(oh_collect name dir room)
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${dir}/*.c)
  list(SORT files)
  set(text "")
  foreach(path ${files})
    get_filename_component(stem ${path} NAME_WE)
    string(APPEND text "OH_COLLECT(${stem})\n")
  endforeach()
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/collected/${name}.def CONTENT "${text}" @ONLY)
  get_target_property(kind oh_${room} TYPE)
  if(NOT kind STREQUAL "INTERFACE_LIBRARY")
    target_include_directories(oh_${room} PRIVATE ${PROJECT_BINARY_DIR})
  endif()
endfunction()
