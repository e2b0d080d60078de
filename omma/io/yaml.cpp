#include "omma/io/yaml.h"

#include <yaml-cpp/yaml.h>

#include "omma/base/error.h"
#include "omma/base/file.h"

namespace omma {
namespace {

constexpr std::size_t max_yaml_bytes = 1 << 20;
constexpr int max_yaml_depth = 32;
constexpr int max_yaml_values = 200'000;

class YamlConverter {
 public:
  explicit YamlConverter(std::string where) : where_(std::move(where)) {}

  json convert(const YAML::Node& node, int depth = 0) {
    check(depth < max_yaml_depth, "{}: YAML nested deeper than {}", where_, max_yaml_depth);
    check(++values_ <= max_yaml_values, "{}: more than {} values in YAML", where_, max_yaml_values);
    json result;
    if (node.IsScalar()) result = node.Scalar();
    if (node.IsSequence()) {
      result = json::array();
      for (const YAML::Node& item : node) result.push_back(convert(item, depth + 1));
    }
    if (node.IsMap()) {
      result = json::object();
      for (const auto& entry : node) {
        check(entry.first.IsScalar(), "{}: line {}: expected a text as key", where_, entry.first.Mark().line + 1);
        result[entry.first.Scalar()] = convert(entry.second, depth + 1);
      }
    }
    return result;
  }

 private:
  std::string where_;
  int values_ = 0;
};

}  // namespace

json read_yaml(const std::filesystem::path& file) {
  const std::string text = read_file(file, max_yaml_bytes);
  try {
    return YamlConverter(file.string()).convert(YAML::Load(text));
  } catch (const YAML::Exception& error) {
    fail("{}: malformed YAML: {}", file.string(), error.what());  // what() names the line and column
  }
}

}  // namespace omma
