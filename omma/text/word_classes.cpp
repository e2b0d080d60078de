#include "omma/text/word_classes.h"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>
#include <vector>

namespace omma {
namespace {

struct ClassWords {
  WordClass word_class;
  std::string_view words;
};

// Verbs and activities in their base form and irregular past; adjectives in their base form.
constexpr std::array lists = {
    ClassWords{WordClass::noun,
               "assembly awning bed bedding belly building bully bunkbed butterfly carving ceiling cleaner clearing clothing "
               "cooler covering crossing dragonfly drawing dressing dryer duckling dumpling earring flatbed flooring frosting "
               "housing icing jelly leaves lightning lily moped opener opening painting pudding railing rigging sapling "
               "scaffolding seedling shed sibling siding sled sling spring stocking stranger string thing topping viking wedding "
               "wiring"},
    ClassWords{WordClass::actor,
               "adult adults athlete athletes babies baby batter bear bears biker bikers bird birds boy boys brother brothers "
               "cat catcher cats chef chefs child children couples cow cows crowd cyclist cyclists dancer dancers dog dogs "
               "driver drivers elephant elephants families family farmer farmers father fathers friend friends gentleman "
               "gentlemen giraffe giraffes girl girls goat goats guy guys horse horses kid kids kitten kittens ladies lady lion "
               "lions man men monkey monkeys mother mothers musician musicians officer officers passenger passengers pedestrian "
               "pedestrians people person pitcher player players police policeman policemen puppies puppy rabbit rabbits rider "
               "riders runner runners sheep singer singers sister sisters skateboarder skateboarders skier skiers snowboarder "
               "snowboarders soldier soldiers squirrel squirrels student students surfer surfers swimmer swimmers teacher "
               "teachers teenager teenagers tiger tigers toddler toddlers tourist tourists umpire waiter waiters waitress woman "
               "women worker workers zebra zebras"},
    ClassWords{WordClass::adjective,
               "able afraid alive alone ancient angry antique asleep available awake bad bald bare barefoot beautiful beige best "
               "better big black blond blonde blue blurry bright brown bushy busy checkered chilly circular clean clear close "
               "closed cloudy cold colorful colourful cool crimson crisp crowded curly curved cute cyan dangerous dark dead deep "
               "delicious different dirty dotted double dry dusty early elderly elegant empty enormous entire fake fancy "
               "farthest fast fat fifth filthy first flat fluffy foggy fourth fresh friendly full funny furry furthest fuzzy "
               "giant gloomy golden good good-looking grassy gray great green grey hairy happy hard healthy heavy high hilly "
               "holy hot huge hungry icy identical large last late lazy leafy little lively lonely long loose loud lovely low "
               "magenta main maroon massive messy metallic mini miniature modern muddy naked narrow naughty navy nearest new "
               "nice oily old open overcast pale pink plump pointy poor pretty private public purple quick quiet rainy raw ready "
               "real rectangular red rich ripe rocky rotten rough rusty sad sandy scarlet scary second shaggy shallow sharp "
               "shiny shirtless short shut sick silly similar single sleepy slim slow small smooth snowy soft spicy spotted "
               "steep stormy straight strange striped strong stylish sunny tall tan tasty teal thick thin third thirsty tidy "
               "tight tiny tired transparent triangular turquoise ugly vintage visible warm weak weird wet white whole wide wild "
               "windy wooded wooden woolen woollen woolly worse worst yellow young"},
    ClassWords{WordClass::material,
               "aluminium aluminum brick bronze canvas cardboard ceramic chrome concrete copper cotton cream denim female glass "
               "gold human iron khaki leather light lime male marble metal olive orange oval paper plaid plastic porcelain "
               "present rose round rubber safe silk silver square steel stone straw tabby violet wood wool"},
    ClassWords{WordClass::place,
               "action afternoon air back background bloom bottom center centre corner corners dawn day daytime distance dusk "
               "edge edges end ends evening flight foreground front left left-hand leftmost lower mid-air midair middle midst "
               "morning motion night nighttime noon rear right right-hand rightmost side sides top upper vicinity"},
    ClassWords{WordClass::picture,
               "close-up close-ups closeup footage image images photo photograph photographs photos picture pictures scene "
               "screenshot screenshots shot snapshot video view views"},
    ClassWords{WordClass::measure,
               "amount amounts bit color colors colour colours couple example examples instance instances kind kinds location "
               "locations lot lots majority name number numbers plenty position positions rest shape size sort sorts type types "
               "variety"},
    ClassWords{WordClass::outline, "box boxes circle circles contour contours outline outlines rectangle rectangles"},
    ClassWords{WordClass::command,
               "analyse analyze annotate choose classify confirm describe detect determine enumerate examine exclude extract "
               "find give identify ignore indicate inspect isolate let locate look notice pinpoint recognise recognize remove "
               "see select tell verify zoom"},
    ClassWords{WordClass::request,
               "check count crop draw help highlight label list mark pick point return scan search segment show spot tag trace "
               "track"},
    ClassWords{WordClass::verb,
               "adjust admire appear approach arrive ask assist ate attempt bathe became become began begin belong blew blow "
               "bought bring broke brought browse build buy came carry carve caught celebrate chase cheer chop clap collect come "
               "compete consist contain continue crouch cuddle decorate deliver demonstrate depict descend dig direct discuss "
               "drag drank drove dug eat enjoy enter explore feed fell felt fetch fix flew found frolic gallop gather gave gaze "
               "get glide go got graze greet grew grow hang haul held hid hold huddle hung hurl include install keep kept kneel "
               "knew knit know laugh lay lean learn leave led lick lie listen lost lounge make met munch need observe operate "
               "overlook peel peer perch perform poke pose pour prance prepare purchase put raise ran reach read receive relax "
               "remain repair resemble rode rub said salute sang sank sat say scatter scream seem sell serve sew shine shone "
               "shows sing sip sit slept smell sneak sniff soar sold speak spend spoke spun squat stare stay stir stood stroll "
               "strum stuck sunbathe surround swam sweep swim swung take talk taught teach tend thank think thought threw took "
               "toss tow trot try tug twirl wade wait wander want wear weld went wipe won wore wrestle write wrote yawn yell"},
    ClassWords{WordClass::activity,
               "attack balance bark battle bend bite board bounce brush burn cast catch climb comb cook cover crawl cross cut "
               "dance display dive drink drive drop duck face fall feature fight fill flip float fly gesture grab guard hike hit "
               "hug hunt juggle jump kick kiss land leap lift line march move nap paddle paint park pass pet plant play practice "
               "protest pull push race ride roll run sail saw scratch set shake share shop shovel skate skateboard sketch ski "
               "sleep slice slide smile smoke snowboard spin splash spray sprint stack stand start stop stretch strike study "
               "surf swing tackle throw touch transport travel turn use vacuum walk wash watch wave work wrap"},
    ClassWords{WordClass::gerund,
               "boarding bowling camping cycling dining fishing living parking recycling rocking sewing shopping skating "
               "swimming training vending"},
    ClassWords{WordClass::past,
               "bent bitten bound broken built drawn driven eaten fallen fed grown hidden known laid lit made ridden seen shown "
               "spent split spread stolen strewn sunken taken thrown torn worn woven written"},
    ClassWords{WordClass::determiner, "her his its my our some the their these those whose your"},
    ClassWords{WordClass::one_determiner, "a an another each either every neither this"},
    ClassWords{WordClass::quantity,
               "all any both certain enough few fewer fewest half least less many more most much no other own same several such "
               "various"},
    ClassWords{WordClass::number,
               "dozen dozens eight eighteen eighty eleven fifteen fifty five forty four fourteen hundred hundreds million "
               "millions nine nineteen ninety one ones seven seventeen seventy six sixteen sixty ten thirteen thirty thousand "
               "thousands three twelve twenty two zero"},
    ClassWords{WordClass::that, "that"},
    ClassWords{WordClass::pronoun,
               "anybody anyone anything everybody everyone everything hers herself him himself itself me myself nobody none "
               "nothing others ours ourselves somebody someone something theirs them themselves there us yours yourself"},
    ClassWords{WordClass::subject, "he i it she they we you"},
    ClassWords{WordClass::question, "how what whatever when whenever where wherever which whichever why"},
    ClassWords{WordClass::who, "who whoever whom"},
    ClassWords{WordClass::preposition,
               "about above across after against along alongside amid among amongst apart around at atop away before behind "
               "below beneath beside besides between beyond by despite down during except for from in including inside into like "
               "minus near off on onto opposite out outside over past per plus since than through throughout till to toward "
               "towards under underneath unlike until up upon versus via vs with within without"},
    ClassWords{WordClass::of, "of"},
    ClassWords{WordClass::conjunction, "& and nor or"},
    ClassWords{WordClass::clause, "although as because but if so though unless whether while whilst yet"},
    ClassWords{WordClass::auxiliary,
               "'d 'll 'm 're 've am are arent be been being can cannot cant could did didnt do does doesnt dont had has have "
               "having is isnt may might must shall should was were will wont would"},
    ClassWords{WordClass::adverb,
               "again ago ahead almost already also always anywhere aside backward backwards downstairs downward downwards else "
               "elsewhere even everywhere fairly far forward forwards hello here hey hi however indoors instead just kindly "
               "maybe nearby never next not now often ok okay once only outdoors overhead perhaps please quite rather really "
               "sideways sometimes somewhere soon still thanks then therefore today together tomorrow tonight too twice upside "
               "upside-down upstairs upward upwards very yes yesterday"},
    ClassWords{WordClass::manner, "well"},
    ClassWords{WordClass::apostrophe, "' 's"},
};

constexpr std::string_view plurals = "people men women children police mice geese teeth feet";
constexpr std::string_view singulars_in_s = "canvas chaos chassis christmas gas headquarters iris lens news series species tennis";

template <class Use>
void for_each_word(std::string_view list, const Use& use) {
  for (std::size_t begin = 0, end = 0; begin < list.size(); begin = end + 1) {
    end = std::min(list.find(' ', begin), list.size());
    use(list.substr(begin, end - begin));
  }
}

bool has_word(std::string_view list, std::string_view word) {
  bool found = false;
  for_each_word(list, [&](std::string_view other) { found = found || other == word; });
  return found;
}

// WordClass::open for what is in no list.
WordClass listed(std::string_view word) {
  static const auto table = [] {
    std::unordered_map<std::string_view, WordClass> result;
    for (const auto& [word_class, words] : lists)
      for_each_word(words, [&, word_class = word_class](std::string_view each) { result.emplace(each, word_class); });
    return result;
  }();
  const auto found = table.find(word);
  return found == table.end() ? WordClass::open : found->second;
}

// The listed class, if `accepts` it, of what `word` is with `ending`: "smallest", "largest", "happiest" and "biggest" are
// adjectives.
template <class Accepts>
WordClass stem_class(std::string_view word, std::string_view ending, const Accepts& accepts) {
  if (!word.ends_with(ending)) return WordClass::open;
  const std::string stem(word.substr(0, word.size() - ending.size()));
  std::vector<std::string> stems = {stem, stem + "e"};
  if (stem.ends_with('i')) stems.push_back(stem.substr(0, stem.size() - 1) + "y");
  if (stem.size() > 2 && stem.back() == stem[stem.size() - 2]) stems.push_back(stem.substr(0, stem.size() - 1));
  for (const std::string& each : stems)
    if (const WordClass found = listed(each); accepts(found)) return found;
  return WordClass::open;
}

bool is_number(std::string_view word) { return word.find_first_not_of("0123456789.,:") == std::string_view::npos; }

WordClass class_by_ending(std::string_view word) {
  const auto verbs = [](WordClass c) { return c == WordClass::verb || c == WordClass::activity || c == WordClass::command; };
  for (const std::string_view ending : {"s", "es"})
    if (const WordClass stem = stem_class(word, ending, verbs); stem != WordClass::open)
      return stem == WordClass::activity ? stem : WordClass::verb;
  const auto adjectives = [](WordClass c) { return c == WordClass::adjective; };
  for (const std::string_view ending : {"er", "est"})
    if (stem_class(word, ending, adjectives) != WordClass::open) return WordClass::adjective;
  if (word.size() < 4) return WordClass::open;
  if (word.ends_with("ed") && !word.ends_with("eed")) return WordClass::past;
  if (word.size() < 5) return WordClass::open;
  if (word.ends_with("ing")) return WordClass::ing;
  return word.ends_with("ly") ? WordClass::manner : WordClass::open;
}

}  // namespace

WordClass word_class(std::string_view word) {
  if (const WordClass found = listed(word); found != WordClass::open) return found;
  if (is_number(word)) return WordClass::number;
  if (word.ends_with("n't")) return WordClass::auxiliary;
  return class_by_ending(word);
}

bool looks_plural(std::string_view word) {
  if (word.ends_with("men") || has_word(plurals, word)) return true;
  return word.ends_with('s') && !word.ends_with("ss") && !word.ends_with("us") && !has_word(singulars_in_s, word);
}

}  // namespace omma
