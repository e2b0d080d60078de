// pugixml expands no entities of a DOCTYPE and reads no other file.
#include "omma/data/voc_files.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <pugixml.hpp>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/base/folder.h"
#include "omma/data/picture_size.h"
#include "omma/io/image_file.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_xml_bytes = 16 << 20;

std::string text_of(const pugi::xml_node& node, const char* name) {
  const std::string text = node.child(name).text().get();
  const std::size_t begin = text.find_first_not_of(" \t\r\n"), end = text.find_last_not_of(" \t\r\n");
  return begin == std::string::npos ? "" : text.substr(begin, end - begin + 1);
}

// The whole text as a finite number.
std::optional<double> number_of(const pugi::xml_node& node, const char* name) {
  const std::string text = text_of(node, name);
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !std::isfinite(value)) return std::nullopt;
  return value;
}

// What a line of a split may mean, the likeliest first: the whole line, a name may hold spaces; without the second column of
// ImageSets/Main, which tells whether a class is there; without quotes; without a picture's extension.
std::vector<std::string> names_of_line(std::string_view line) {
  constexpr std::string_view spaces = " \t\r";
  const auto trim = [&](std::string_view text) {
    const std::size_t first = text.find_first_not_of(spaces);
    return first == std::string_view::npos ? std::string_view() : text.substr(first, text.find_last_not_of(spaces) - first + 1);
  };
  line = trim(line);
  if (line.empty()) return {};
  std::vector<std::string> names{std::string(line)};
  const std::size_t column = line.find_last_of(spaces);
  if (column != std::string_view::npos && line.find_first_not_of("-01", column + 1) == std::string_view::npos)
    names.emplace_back(trim(line.substr(0, column)));
  if (line.size() > 2 && (line.front() == '"' || line.front() == '\'') && line.back() == line.front())
    names.emplace_back(line.substr(1, line.size() - 2));
  if (const fs::path path(names.back()); path.has_extension()) names.push_back((path.parent_path() / path.stem()).string());
  return names;
}

// The lines' names as the files have them; where there is none, as the line has it.
std::vector<std::string> read_names(const fs::path& list, const fs::path& folder, const std::string& extension) {
  const std::string text = read_file(list, 256 << 20);
  std::string_view rest = text;
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
  std::vector<std::string> names;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const std::vector<std::string> candidates = names_of_line(line);
    if (candidates.empty()) continue;
    const auto found = std::ranges::find_if(candidates, [&](const std::string& name) {
      std::error_code unusable;  // a name that no file can have
      return fs::exists(folder / (name + extension), unusable);
    });
    names.push_back(found != candidates.end() ? *found : candidates.size() > 1 ? candidates[1] : candidates[0]);
  }
  return names;
}

VocObject read_object(const pugi::xml_node& node) {
  VocObject object{.name = text_of(node, "name"), .edges = {}, .fault = {}};
  const std::string difficult = text_of(node, "difficult");
  object.difficult = difficult == "1" || difficult == "true";
  std::array<double, 4> edges;
  constexpr std::array names = {"xmin", "ymin", "xmax", "ymax"};
  for (std::size_t i = 0; i < edges.size(); ++i) {
    const auto edge = number_of(node.child("bndbox"), names[i]);
    if (!edge) {
      object.fault = fmt::format("<{}> of a {}: expected a number, got \"{}\"", names[i], object.name,
                                 text_of(node.child("bndbox"), names[i]).substr(0, 40));
      return object;
    }
    edges[i] = *edge;
  }
  object.edges = edges;
  return object;
}

}  // namespace

VocAnnotation read_voc_annotation(const fs::path& root, const std::string& name) {
  const std::string text = read_file(path_inside(root / "Annotations", name + ".xml"), max_xml_bytes);
  pugi::xml_document document;
  const pugi::xml_parse_result parsed = document.load_buffer(text.data(), text.size());
  check(parsed, "{}.xml: malformed XML at byte {}: {}", name, parsed.offset, parsed.description());
  const pugi::xml_node node = document.child("annotation");
  check(node, "{}.xml: expected the element <annotation>", name);
  const pugi::xml_node size = node.child("size");
  VocAnnotation annotation;
  annotation.size = {picture_side(json(text_of(size, "width"))), picture_side(json(text_of(size, "height")))};
  annotation.filename = text_of(node, "filename");
  for (const pugi::xml_node& object : node.children("object")) annotation.objects.push_back(read_object(object));
  return annotation;
}

std::vector<std::string> voc_names(const fs::path& root, std::string_view split, const VocNaming& naming) {
  const fs::path folder = root / naming.folder;
  if (split.empty()) {
    std::vector<std::string> names;
    for (const fs::path& file : files_below(folder))
      if (file.extension() == naming.extension) names.push_back(file.lexically_relative(folder).replace_extension().string());
    std::ranges::sort(names);
    return names;
  }
  const std::string file_name = std::string(split) + ".txt";
  for (const fs::path& list : naming.lists)
    if (fs::is_directory(root / list) && fs::exists(path_inside(root / list, file_name)))
      return read_names(root / list / file_name, folder, naming.extension);
  std::vector<std::string> tried;
  for (const fs::path& list : naming.lists) tried.push_back((list / file_name).string());
  fail("{}: no split \"{}\": neither {} is there", root.string(), split, fmt::join(tried, " nor "));
}

fs::path find_voc_picture(const fs::path& images, PictureFinder& finder, const std::string& name, const std::string& filename) {
  for (const std::string_view extension : picture_extensions())
    for (const bool is_upper : {false, true}) {
      std::string ending = fmt::format(".{}", extension);
      if (is_upper)
        std::ranges::transform(ending, ending.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
      if (fs::path path = images / (name + ending); fs::exists(path)) return path;
    }
  return finder.find(filename.empty() ? name + ".jpg" : filename);
}

}  // namespace omma
