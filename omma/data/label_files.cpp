#include "omma/data/label_files.h"

#include <algorithm>
#include <string>
#include <vector>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/base/folder.h"
#include "omma/io/image_file.h"

namespace omma {
namespace fs = std::filesystem;
namespace {

// annotations/KIND_SPLIT*.json, of which exactly one must be there.
fs::path find_annotations(const fs::path& folder, std::string_view split, std::string_view flat, std::string_view kind) {
  const std::string prefix = fmt::format("{}_{}", kind, split);
  std::vector<fs::path> found;
  if (fs::is_directory(folder / "annotations"))
    for (const fs::directory_entry& entry : fs::directory_iterator(folder / "annotations"))
      if (entry.path().extension() == ".json" && entry.path().filename().string().starts_with(prefix))
        found.push_back(entry.path());
  check(found.size() == 1, "{}: expected {}, {}.json, or one annotations/{}*.json, found {} of these", folder.string(), flat,
        split.empty() ? "SPLIT" : split, prefix, found.size());
  return found.front();
}

// The file's folder and, where that is annotations/, the one above.
std::vector<fs::path> label_folders(const fs::path& label_file) {
  const fs::path folder = label_file.parent_path().empty() ? fs::path(".") : label_file.parent_path();
  if (folder.filename() != "annotations") return {folder};
  return {folder, folder.has_parent_path() ? folder.parent_path() : fs::path(".")};
}

}  // namespace

std::vector<fs::path> pictures_below(const fs::path& folder) {
  std::vector<fs::path> files = files_below(folder);
  std::erase_if(files, [](const fs::path& file) { return !has_picture_extension(file); });
  return files;
}

fs::path picture_folder(const fs::path& label_file, const fs::path& images) {
  if (!images.empty()) return images;
  const std::vector<fs::path> folders = label_folders(label_file);
  for (const fs::path& folder : folders)
    if (fs::is_directory(folder / "images")) return folder / "images";
  return folders.front();
}

std::vector<fs::path> LabelFiles::picture_folders() const {
  std::vector<fs::path> folders = {images};
  for (fs::path& folder : label_folders(labels)) folders.push_back(std::move(folder));
  return folders;
}

LabelFiles find_coco_files(const fs::path& path, std::string_view split, std::string_view flat, std::string_view kind,
                           const fs::path& given_images) {
  if (!fs::is_directory(path)) return {path, picture_folder(path, given_images)};
  std::vector<fs::path> candidates = {path / flat};
  if (!split.empty()) {
    const fs::path of_split = path_inside(path, split);
    candidates = {of_split / flat, of_split.string() + ".json", path / flat};
  }
  for (const fs::path& labels : candidates)
    if (fs::is_regular_file(labels)) return {labels, picture_folder(labels, given_images)};
  const fs::path labels = find_annotations(path, split, flat, kind);
  const std::string part = labels.stem().string().substr(kind.size() + 1);
  for (const fs::path& images : {given_images, path / part, path / "images" / part, path / "images"})
    if (!images.empty() && fs::is_directory(images)) return {labels, images};
  return {labels, path};
}

}  // namespace omma
