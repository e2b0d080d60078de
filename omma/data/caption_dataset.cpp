#include "omma/data/caption_dataset.h"

#include <algorithm>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/data/caption_readers.h"

namespace omma {

std::unique_ptr<CaptionDataset> open_caption_dataset(std::string_view spec, std::string_view split,
                                                     const CaptionDatasetOptions& options) {
  const std::size_t colon = std::min(spec.size(), spec.find(':'));
  const std::string_view kind = spec.substr(0, colon), path = spec.substr(std::min(spec.size(), colon + 1));
  if (kind == "world") return open_world_captions(path, split, options);
  if (kind == "webdataset") return open_webdataset(find_webdataset_shards(path, split), path, options);
  if (kind == "folder") return open_caption_folder(path, split, options);
  check(kind == "coco" || kind == "blip", "data: expected world, coco, blip, folder or webdataset before the colon, got \"{}\"",
        spec);
  check(std::filesystem::exists(path), "data: {} does not exist", path);
  return kind == "coco" ? open_coco_captions(path, split, options) : open_blip_captions(path, options);
}

PictureFile CaptionFiles::picture_file(std::size_t index) const {
  const MappedFile file(image_file(index));
  check(file.bytes().size() <= limits().file_bytes, "{}: {} bytes are over the limit of {}", image_file(index).string(),
        file.bytes().size(), limits().file_bytes);
  return {.extension = std::string(image_extension(file.bytes())), .bytes = {file.bytes().begin(), file.bytes().end()}};
}

}  // namespace omma
