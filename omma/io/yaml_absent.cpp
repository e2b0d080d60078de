// The minimal build has no yaml-cpp.
#include "omma/base/error.h"
#include "omma/io/yaml.h"

namespace omma {

json read_yaml(const std::filesystem::path& file) { fail("{}: this build reads no YAML (OMMA_MINIMAL)", file.string()); }

}  // namespace omma
