#include "dispatch.h"

#include <cstdlib>
#include <cstring>

#include "processor.h"

namespace tidu {

#define TIDU_DECLARE_FILL(type, name) void fill(type&);
#define TIDU_DECLARE(isa) \
  namespace isa {         \
  TIDU_TABLES(TIDU_DECLARE_FILL) \
  }
#define TIDU_CALL_FILL(type, name) fill(name);
#define TIDU_FILL(isa) \
  {                    \
    using isa::fill;   \
    TIDU_TABLES(TIDU_CALL_FILL) \
  }

// TIDU_ISAS, from CMakeLists.txt, is X(name) for each instruction set that there are kernels for.
#define X TIDU_DECLARE
TIDU_ISAS
#undef X

#define TIDU_DEFINE(type, name) type name;
TIDU_TABLES(TIDU_DEFINE)

namespace {

struct Isa {
  const char* name;
  bool (*supported)();
  void (*fill)();
};

// Best first.
#define X(isa) {#isa, supports_##isa, [] TIDU_FILL(isa)},
const Isa isas[] = {TIDU_ISAS};
#undef X

}  // namespace

std::vector<const char*> supported_isas() {
  std::vector<const char*> names;
  for (const Isa& isa : isas)
    if (isa.supported()) names.push_back(isa.name);
  return names;
}

const char* choose_isa() {
  const char* wanted = std::getenv("TIDU_ISA");
  bool reached = !wanted || !*wanted;  // A name asks for that set or, where the processor lacks it, a lesser one.
  const Isa* chosen = nullptr;
  for (const Isa& isa : isas) {
    reached = reached || std::strcmp(isa.name, wanted) == 0;
    if (!isa.supported()) continue;
    chosen = &isa;
    if (reached) break;
  }
  if (!chosen) return nullptr;
  chosen->fill();
  return chosen->name;
}

}  // namespace tidu
