# Fails if an object that was compiled for one instruction set defines a symbol outside the namespace of
# that set: the linker merges equal symbols, and could give every processor the one for the newest.
#
#   cmake -DNM=nm -DISA=v3 "-DOBJECTS=a.o|b.o" -P check_symbols.cmake
string(LENGTH "${ISA}" length)
string(REPLACE "|" ";" OBJECTS "${OBJECTS}")
foreach(object IN LISTS OBJECTS)
  execute_process(COMMAND ${NM} -g ${object} OUTPUT_VARIABLE table RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "${NM} cannot read ${object}")
  endif()
  string(REPLACE "\n" ";" lines "${table}")
  foreach(line IN LISTS lines)
    # Defined symbols have an address before the letter of their kind.
    if(line MATCHES "^[0-9a-fA-F]+ ([A-TV-Za-tv-z]|u) (.+)$")
      set(name "${CMAKE_MATCH_2}")
      # As C++ spells tidu::v3::name; DW.ref. are constants that exception tables refer to.
      if(NOT name MATCHES "4tidu${length}${ISA}" AND NOT name MATCHES "^_?DW\\.ref\\.")
        message(SEND_ERROR "${object} defines ${name}, outside the namespace tidu::${ISA}")
      endif()
    endif()
  endforeach()
endforeach()
