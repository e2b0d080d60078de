#include "omma/jobs/instruct_prompt.h"

#include <array>

namespace omma {
namespace {

constexpr std::string_view common_rules =
    "You look at a picture and talk about it. You are not shown the picture itself: below you get it in words. Write as someone "
    "who sees it. Never say where you know things from: no word about captions, boxes, numbers of coordinates or a text that you "
    "were given.\n";

constexpr std::string_view conversation_rules =
    "Write a conversation between a person who asks about the picture and an assistant who answers. Ask about what kinds of "
    "things there are, how many, in which colours, what they do, where they are and how they stand to each other. Ask only what "
    "has a certain answer: either it can be seen for sure, or it is surely not there. Ask about one or two things that are not "
    "there. No question may contain its own answer. Answer in whole sentences.\n"
    "Write three to six rounds, and nothing else, in this form, with === between all parts:\n"
    "Question:\n(the question)\n===\nAnswer:\n(the answer)\n===\nQuestion:\n(the next question)\n===\nAnswer:\n(its answer)";

constexpr std::string_view detail_rules =
    "The lines with four numbers tell where things are: left, upper, right and lower edge, each as a share of the picture's width "
    "or height, from 0 at the left or top to 1 at the right or bottom.\n"
    "Describe the picture in full: every thing, its colour and where it is, how many there are of a kind, and how things stand to "
    "each other. Several plain sentences, no list, no numbers of coordinates. Write the description and nothing else.";

constexpr std::string_view reasoning_rules =
    "The lines with four numbers tell where things are: left, upper, right and lower edge, each as a share of the picture's width "
    "or height, from 0 at the left or top to 1 at the right or bottom.\n"
    "Think of one question about the picture that takes thought to answer. The question must not give away what is seen: no "
    "colours, numbers, places or names of single things. Then answer it, step by step, from what is seen.\n"
    "Write this and nothing else:\nQuestion:\n(the question)\n===\nAnswer:\n(the answer)";

constexpr std::string_view first_captions =
    "a picture of a red dog, two blue cars and a green tree\nthere is a red dog, two blue cars and a green tree\n"
    "four objects: a dog, two cars and a tree\na red dog left of a green tree\nthe tree is above the dog\n";
constexpr std::string_view first_boxes =
    "\nred dog: [0.080, 0.610, 0.300, 0.850]\nblue car: [0.550, 0.600, 0.800, 0.800]\nblue car: [0.700, 0.100, 0.950, 0.300]\n"
    "green tree: [0.380, 0.080, 0.600, 0.420]\n";
constexpr std::string_view second_captions =
    "a yellow cat and a purple boat\na drawing with a yellow cat and a purple boat\ntwo objects: a cat and a boat\n"
    "a purple boat under a yellow cat\na picture of a cat and a boat\n";
constexpr std::string_view second_boxes = "\nyellow cat: [0.300, 0.050, 0.520, 0.250]\npurple boat: [0.350, 0.560, 0.800, 0.900]\n";

struct Example {
  std::string_view captions, boxes, reply;
};
using Examples = std::array<Example, 2>;

constexpr Examples conversation_examples = {
    {{first_captions, first_boxes,
      "Question:\nHow many cars are there?\n===\nAnswer:\nThere are two cars.\n===\nQuestion:\nWhat color is the "
      "dog?\n===\nAnswer:\n"
      "The dog is red.\n===\nQuestion:\nIs there a bus in the picture?\n===\nAnswer:\nNo, there is no bus.\n===\nQuestion:\nWhere "
      "is "
      "the dog, seen from the tree?\n===\nAnswer:\nThe dog is left of the tree and below it."},
     {second_captions, second_boxes,
      "Question:\nWhat can be seen here?\n===\nAnswer:\nThere is a yellow cat and a purple boat.\n===\nQuestion:\nDo you see a "
      "dog?\n===\nAnswer:\nNo, there is no dog.\n===\nQuestion:\nIs the boat above the cat?\n===\nAnswer:\nNo, the boat is below "
      "the "
      "cat."}}};
constexpr Examples detail_examples = {
    {{first_captions, first_boxes,
      "The picture shows four objects. A red dog is in the lower left corner. A green tree stands at the top. There are two blue "
      "cars: one in the upper right corner and one in the lower right corner. The dog is left of the tree, and the tree is larger "
      "than the dog."},
     {second_captions, second_boxes,
      "There are two objects in this picture. A yellow cat is at the top. A purple boat can be seen at the bottom. The boat is "
      "below the cat and larger than the cat."}}};
constexpr Examples reasoning_examples = {
    {{first_captions, first_boxes,
      "Question:\nWhich object is closest to the left edge, and how can you tell?\n===\nAnswer:\nA red dog is in the lower left "
      "corner. The dog is left of the green tree, and the two blue cars are on the right. So the red dog is the leftmost object."},
     {second_captions, second_boxes,
      "Question:\nAre there more animals than vehicles in this picture? Explain.\n===\nAnswer:\nThere is one animal, a yellow cat, "
      "and there is one vehicle, a purple boat. The two numbers are equal, so neither is ahead."}}};

std::string_view rules_of(InstructKind kind) {
  constexpr std::array rules = {conversation_rules, detail_rules, reasoning_rules};
  return rules[static_cast<std::size_t>(kind)];
}

const Examples& examples_of(InstructKind kind) {
  static constexpr std::array<const Examples*, instruct_kind_count> examples = {&conversation_examples, &detail_examples,
                                                                                &reasoning_examples};
  return *examples[static_cast<std::size_t>(kind)];
}

}  // namespace

std::vector<ChatMessage> instruct_prompt(InstructKind kind, const std::string& picture_text) {
  std::vector<ChatMessage> messages = {{.role = "system", .content = std::string(common_rules) + std::string(rules_of(kind))}};
  for (const Example& example : examples_of(kind)) {
    const bool with_boxes = parts_of(kind) == PictureParts::captions_and_boxes;
    messages.push_back({.role = "user", .content = std::string(example.captions) + std::string(with_boxes ? example.boxes : "")});
    messages.push_back({.role = "assistant", .content = std::string(example.reply)});
  }
  messages.push_back({.role = "user", .content = picture_text});
  return messages;
}

}  // namespace omma
