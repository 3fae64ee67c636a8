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

#if defined(__x86_64__) || defined(_M_X64)
TIDU_DECLARE(v1)
TIDU_DECLARE(v3)
TIDU_DECLARE(v4)
#else
TIDU_DECLARE(neon)
#endif

#define TIDU_DEFINE(type, name) type name;
TIDU_TABLES(TIDU_DEFINE)

namespace {

struct Isa {
  const char* name;
  bool (*supported)();
  void (*fill)();
};

// Best first.
const Isa isas[] = {
#if defined(__x86_64__) || defined(_M_X64)
    {"v4", supports_x86_64_v4, [] TIDU_FILL(v4)},
    {"v3", supports_x86_64_v3, [] TIDU_FILL(v3)},
    {"v1", [] { return true; }, [] TIDU_FILL(v1)},
#else
    {"neon", [] { return true; }, [] TIDU_FILL(neon)},
#endif
};

}  // namespace

std::vector<const char*> supported_isas() {
  std::vector<const char*> names;
  for (const Isa& isa : isas)
    if (isa.supported()) names.push_back(isa.name);
  return names;
}

const char* choose_isa() {
  const char* wanted = std::getenv("TIDU_ISA");
  bool reached = !wanted;  // A name asks for that set or, where the processor lacks it, a lesser one.
  for (const Isa& isa : isas) {
    reached = reached || std::strcmp(isa.name, wanted) == 0;
    if (reached && isa.supported()) {
      isa.fill();
      return isa.name;
    }
  }
  const Isa& least = isas[sizeof isas / sizeof isas[0] - 1];
  least.fill();
  return least.name;
}

}  // namespace tidu
