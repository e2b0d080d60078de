#include "omma/data/world/export.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "omma/base/error.h"
#include "omma/base/file.h"
#include "omma/base/json.h"
#include "omma/base/progress.h"
#include "omma/base/rng.h"
#include "omma/base/threads.h"
#include "omma/data/annotated_picture.h"
#include "omma/data/world/language.h"
#include "omma/data/world/web_text.h"
#include "omma/io/image_file.h"
#include "omma/io/tar_shard.h"

namespace omma {
namespace {

namespace fs = std::filesystem;

// Texts draw from other random numbers than pictures.
constexpr std::uint64_t language_stream = 0x6c616e6775616765, web_stream = 0x77656274657874;

// What one scene adds to the label files.
struct SceneLabels {
  std::vector<json> annotations;
  std::vector<std::string> captions;
  std::vector<json> questions;
};

std::string picture_name(int index) { return fmt::format("{:06}.png", index); }

json annotation_of(int category, const Mask& mask, const Box& box, int area, json attributes) {
  const auto pixels = [](float value) { return static_cast<int>(value); };
  return {{"category_id", category + 1},
          {"bbox", {pixels(box.x0), pixels(box.y0), pixels(box.width()), pixels(box.height())}},
          {"area", area},
          {"iscrowd", 0},
          {"segmentation", rle_json(encode(mask))},
          {"attributes", std::move(attributes)}};
}

// One, or one of each level of an emblem, from the outside in.
void annotate_object(const Scene& scene, int object, std::vector<json>& annotations) {
  const WorldObject& what = scene.objects[static_cast<std::size_t>(object)];
  json attributes = {{"color", world_color(what.color)}};
  if (const std::string_view size = size_word(scene, object); !size.empty()) attributes["size"] = size;
  if (what.levels.empty()) {
    annotations.push_back(annotation_of(what.name, visible_mask(scene, object), what.box, what.area, std::move(attributes)));
    return;
  }
  for (int i = 0; i < mask_level_count; ++i) {
    const EmblemPart& part = what.levels[static_cast<std::size_t>(i)];
    const auto level = static_cast<MaskLevel>(i);
    if (level != MaskLevel::whole) attributes = {{"color", world_color(part.color)}};
    attributes["shape"] = name_of(part.shape);
    json annotation = annotation_of(world_emblem + i, visible_mask(scene, object, level), part.box, part.area, attributes);
    annotation["level"] = name_of(level);
    annotations.push_back(std::move(annotation));
  }
}

SceneLabels render_scene(const RenderOptions& options, int index) {
  const Scene scene = make_scene(options.seed, static_cast<std::uint64_t>(index), options.scene);
  write_image(options.out / "images" / picture_name(index), scene.image);
  Rng rng(options.seed ^ language_stream, static_cast<std::uint64_t>(index));
  SceneLabels labels;
  for (int object = 0; object < static_cast<int>(scene.objects.size()); ++object)
    annotate_object(scene, object, labels.annotations);
  if (options.scene.emblems > 0) return labels;  // no text speaks of emblems
  for (Caption& caption : captions(scene, rng)) labels.captions.push_back(std::move(caption.text));
  for (const Question& question : questions(scene, rng))
    labels.questions.push_back({{"image", "images/" + picture_name(index)},
                                {"question", question.text},
                                {"answer", question.answer},
                                {"type", name_of(question.type)}});
  return labels;
}

// render(index) for each of the scenes [begin, end) on all threads; each takes the next scene: pieces of equal length would wait
// for the slowest.
template <class Render>
void for_each_scene(const RenderOptions& options, int begin, int end, Progress& progress, Render&& render) {
  std::mutex progress_lock;
  std::atomic<int> next = begin;
  parallel_for(options.threads, options.threads, [&](std::int64_t, std::int64_t) {
    for (int index = next++; index < end; index = next++) {
      render(index);
      const std::lock_guard lock(progress_lock);
      progress.advance();
    }
  });
}

std::vector<SceneLabels> render_scenes(const RenderOptions& options) {
  std::vector<SceneLabels> labels(static_cast<std::size_t>(options.count));
  Progress progress("render", options.count);
  for_each_scene(options, 0, options.count, progress,
                 [&](int index) { labels[static_cast<std::size_t>(index)] = render_scene(options, index); });
  return labels;
}

json images_of(const RenderOptions& options) {
  json images = json::array();
  for (int i = 0; i < options.count; ++i)
    images.push_back(
        {{"id", i + 1}, {"file_name", picture_name(i)}, {"width", options.scene.size}, {"height", options.scene.size}});
  return images;
}

json info_of(const RenderOptions& options) {
  return {{"description", "picture-book world"}, {"seed", options.seed}, {"split", name_of(options.scene.split)}};
}

void write_annotations(const RenderOptions& options, std::vector<SceneLabels>& labels) {
  json categories = json::array();
  for (int name = 0; name < world_name_count; ++name)
    categories.push_back({{"id", name + 1}, {"name", world_noun(name).singular}, {"supercategory", "thing"}});
  for (int level = 0; level < mask_level_count && options.scene.emblems > 0; ++level)
    categories.push_back({{"id", world_emblem + level + 1},
                          {"name", emblem_categories[static_cast<std::size_t>(level)]},
                          {"supercategory", "emblem"}});
  json annotations = json::array();
  for (std::size_t i = 0; i < labels.size(); ++i) {
    for (json& annotation : labels[i].annotations) {
      if (annotation.contains("level") && annotation["level"] != name_of(MaskLevel::whole))
        annotation["parent"] = annotations.size();  // the one before
      annotation["id"] = annotations.size() + 1;
      annotation["image_id"] = i + 1;
      annotations.push_back(std::move(annotation));
    }
  }
  write_file(options.out / "annotations.json", dump_json({{"info", info_of(options)},
                                                          {"images", images_of(options)},
                                                          {"categories", std::move(categories)},
                                                          {"annotations", std::move(annotations)}}));
}

void write_captions(const RenderOptions& options, const std::vector<SceneLabels>& labels) {
  json annotations = json::array();
  for (std::size_t i = 0; i < labels.size(); ++i)
    for (const std::string& caption : labels[i].captions)
      annotations.push_back({{"id", annotations.size() + 1}, {"image_id", i + 1}, {"caption", caption}});
  write_file(options.out / "captions.json",
             dump_json({{"info", info_of(options)}, {"images", images_of(options)}, {"annotations", std::move(annotations)}}));
}

void write_questions(const RenderOptions& options, const std::vector<SceneLabels>& labels) {
  std::string lines;
  for (const SceneLabels& scene : labels)
    for (const json& question : scene.questions) lines += dump_json(question) + "\n";
  write_file(options.out / "questions.jsonl", lines);
}

void render_coco(const RenderOptions& options) {
  std::vector<SceneLabels> labels = render_scenes(options);
  write_annotations(options, labels);
  if (options.scene.emblems > 0) return;
  write_captions(options, labels);
  write_questions(options, labels);
}

struct WebSample {
  std::vector<std::uint8_t> picture;
  std::string text;
  std::string record;
};

WebSample render_web_sample(const RenderOptions& options, int index) {
  const Scene scene = make_scene(options.seed, static_cast<std::uint64_t>(index), options.scene);
  Rng rng(options.seed ^ web_stream, static_cast<std::uint64_t>(index));
  WebText web = web_text(scene, options.scene, options.noise, rng);
  std::string record = dump_json({{"caption", web.text}, {"noise", name_of(web.noise)}, {"true_caption", web.true_caption}});
  return {.picture = encode_png(scene.image), .text = std::move(web.text), .record = std::move(record)};
}

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

void render_shards(const RenderOptions& options) {
  Progress progress("render", options.count);
  for (int begin = 0, shard = 0; begin < options.count; begin += options.samples_per_shard, ++shard) {
    const int end = std::min(options.count, begin + options.samples_per_shard);
    std::vector<WebSample> samples(static_cast<std::size_t>(end - begin));
    for_each_scene(options, begin, end, progress,
                   [&](int index) { samples[static_cast<std::size_t>(index - begin)] = render_web_sample(options, index); });
    TarShardWriter writer(options.out / fmt::format("web-{:06}.tar", shard));
    for (std::size_t i = 0; i < samples.size(); ++i)
      writer.append(fmt::format("{:09}", static_cast<std::size_t>(begin) + i),
                    std::array{ShardFile{"png", samples[i].picture}, ShardFile{"txt", bytes_of(samples[i].text)},
                               ShardFile{"json", bytes_of(samples[i].record)}});
    writer.finish();
  }
}

// All that decides which files there are and what stands in them.
json record_of(const RenderOptions& options) {
  const bool coco = options.format == RenderFormat::coco;
  json record = {{"seed", options.seed},
                 {"count", options.count},
                 {"size", options.scene.size},
                 {"split", name_of(options.scene.split)},
                 {"min_objects", options.scene.min_objects},
                 {"max_objects", options.scene.max_objects},
                 {"variety", options.scene.variety},
                 {"format", coco ? "coco" : "webdataset"}};
  if (options.scene.emblems > 0) record["emblems"] = options.scene.emblems;
  if (options.scene.together > 0) record["together"] = options.scene.together;
  if (!coco) record.update({{"noise", options.noise}, {"samples_per_shard", options.samples_per_shard}});
  return record;
}

// Files of another run would stay among the new: the folder is empty, or all that is in it is about to be written anew. Then what a
// killed run left half-written goes.
void begin_folder(const RenderOptions& options) {
  const fs::path record = options.out / "render.json";
  if (fs::exists(record)) {
    const std::string was = dump_json(read_json(record)), is = dump_json(record_of(options));
    check(was == is, "{}: holds what other arguments made, {}, here {}: choose another folder", options.out.string(), was, is);
  }
  std::vector<fs::path> leftovers;
  for (const fs::directory_entry& entry : fs::directory_iterator(options.out)) {
    if (entry.path().filename().string().starts_with('.')) continue;
    check(fs::exists(record), "{}: expected an empty folder, got one with {}", options.out.string(),
          entry.path().filename().string());
    if (entry.path().extension() == ".partial") leftovers.push_back(entry.path());
  }
  write_file(record, dump_json(record_of(options), 2) + "\n");
  if (options.format == RenderFormat::coco && !fs::create_directory(options.out / "images"))
    for (const fs::directory_entry& entry : fs::directory_iterator(options.out / "images"))
      if (entry.path().extension() == ".partial") leftovers.push_back(entry.path());
  for (const fs::path& leftover : leftovers) fs::remove(leftover);
}

}  // namespace

void render_dataset(const RenderOptions& options) {
  check(options.count >= 1 && options.count <= 10'000'000, "count: expected 1 to 10000000 scenes, got {}", options.count);
  check(options.threads >= 1, "threads: expected at least 1, got {}", options.threads);
  check(options.samples_per_shard >= 1 && options.samples_per_shard <= 100'000, "samples per shard: expected 1 to 100000, got {}",
        options.samples_per_shard);
  check(options.scene.emblems == 0 || options.format == RenderFormat::coco,
        "emblems: expected the format coco, got webdataset: no text speaks of emblems");
  make_scene(options.seed, 0, options.scene);  // throws for a scene that cannot be, before anything is written
  std::error_code error;
  fs::create_directories(options.out, error);
  if (error) fail_runtime("{}: cannot make the folder: {}", options.out.string(), error.message());
  const DirectoryLock lock(options.out);
  begin_folder(options);
  if (options.format == RenderFormat::coco)
    render_coco(options);
  else
    render_shards(options);
}

}  // namespace omma
