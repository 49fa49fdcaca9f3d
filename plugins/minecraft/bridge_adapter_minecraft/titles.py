"""Vanilla's advancements: their ids, English titles and frames; how ids become names.

In: an id, or a title. Out: the other. Knows nothing of logs, files or players. The server's log
is in English whatever language its players chose.
"""

import re
from typing import Final

from pydantic import JsonValue

_ID = re.compile(r"[a-z0-9_.-]{1,60}:([a-z0-9/._-]{1,130})")

#: `frame id title`, a title's other spellings after `|`. Left out on purpose: the roots, which
#: are never announced, and "Serious Dedication", which is the title of two of them.
_TABLE: Final = """
advancement story/mine_stone Stone Age
advancement story/upgrade_tools Getting an Upgrade
advancement story/smelt_iron Acquire Hardware
advancement story/obtain_armor Suit Up
advancement story/lava_bucket Hot Stuff
advancement story/iron_tools Isn't It Iron Pick
advancement story/deflect_arrow Not Today, Thank You
advancement story/form_obsidian Ice Bucket Challenge
advancement story/mine_diamond Diamonds!
advancement story/enter_the_nether We Need to Go Deeper
advancement story/shiny_gear Cover Me with Diamonds|Cover Me With Diamonds
advancement story/enchant_item Enchanter
goal story/cure_zombie_villager Zombie Doctor
advancement story/follow_ender_eye Eye Spy
advancement story/enter_the_end The End?
challenge nether/return_to_sender Return to Sender
advancement nether/find_bastion Those Were the Days
advancement nether/obtain_ancient_debris Hidden in the Depths
challenge nether/fast_travel Subspace Bubble
advancement nether/find_fortress A Terrible Fortress
advancement nether/obtain_crying_obsidian Who is Cutting Onions?
advancement nether/distract_piglin Oh Shiny
advancement nether/ride_strider This Boat Has Legs
advancement nether/ride_strider_in_overworld_lava Feels Like Home
challenge nether/uneasy_alliance Uneasy Alliance
advancement nether/loot_bastion War Pigs
advancement nether/use_lodestone Country Lode, Take Me Home
challenge nether/netherite_armor Cover Me in Debris|Cover Me In Debris|Cover Me With Debris
advancement nether/get_wither_skull Spooky Scary Skeleton
advancement nether/obtain_blaze_rod Into Fire
advancement nether/charge_respawn_anchor Not Quite "Nine" Lives
challenge nether/explore_nether Hot Tourist Destinations
advancement nether/summon_wither Withering Heights
advancement nether/brew_potion Local Brewery
advancement nether/create_beacon Bring Home the Beacon
challenge nether/all_potions A Furious Cocktail
goal nether/create_full_beacon Beaconator
challenge nether/all_effects How Did We Get Here?
advancement end/kill_dragon Free the End
goal end/dragon_egg The Next Generation
advancement end/enter_end_gateway Remote Getaway
goal end/respawn_dragon The End... Again...
goal end/dragon_breath You Need a Mint
advancement end/find_end_city The City at the End of the Game
goal end/elytra Sky's the Limit
challenge end/levitate Great View From Up Here
advancement adventure/voluntary_exile Voluntary Exile
advancement adventure/spyglass_at_parrot Is It a Bird?
advancement adventure/spyglass_at_ghast Is It a Balloon?
advancement adventure/spyglass_at_dragon Is It a Plane?
advancement adventure/kill_a_mob Monster Hunter
challenge adventure/kill_all_mobs Monsters Hunted
- adventure/read_power_of_chiseled_bookshelf The Power of Books
advancement adventure/trade What a Deal!
- adventure/trade_at_world_height Star Trader
- adventure/trim_with_any_armor_pattern Crafting a New Look
challenge adventure/trim_with_all_exclusive_armor_patterns Smithing with Style
advancement adventure/honey_block_slide Sticky Situation
advancement adventure/ol_betsy Ol' Betsy
- adventure/lightning_rod_with_villager_no_fire Surge Protector
- adventure/fall_from_world_height Caves & Cliffs
- adventure/salvage_sherd Respecting the Remnants
- adventure/craft_decorated_pot_using_only_sherds Careful Restoration
- adventure/avoid_vibration Sneak 100
challenge adventure/kill_mob_near_sculk_catalyst It Spreads
advancement adventure/sleep_in_bed Sweet Dreams
challenge adventure/hero_of_the_village Hero of the Village
advancement adventure/throw_trident A Throwaway Joke
advancement adventure/shoot_arrow Take Aim
goal adventure/totem_of_undying Postmortal
goal adventure/summon_iron_golem Hired Help
challenge adventure/two_birds_one_arrow Two Birds, One Arrow
advancement adventure/whos_the_pillager_now Who's the Pillager Now?
challenge adventure/arbalistic Arbalistic
challenge adventure/adventuring_time Adventuring Time
- adventure/play_jukebox_in_meadows Sound of Music
- adventure/walk_on_powder_snow_with_leather_boots Light as a Rabbit
advancement adventure/very_very_frightening Very Very Frightening
challenge adventure/sniper_duel Sniper Duel
challenge adventure/bullseye Bullseye
- adventure/minecraft_trials_edition Minecraft: Trial(s) Edition
- adventure/crafters_crafting_crafters Crafters Crafting Crafters
- adventure/lighten_up Lighten Up
- adventure/who_needs_rockets Who Needs Rockets?
- adventure/under_lock_and_key Under Lock and Key
- adventure/revaulting Revaulting
challenge adventure/blowback Blowback
challenge adventure/overoverkill Over-Overkill
- adventure/brush_armadillo Isn't It Scute?|Isn't it Scute?
- adventure/heart_transplanter Heart Transplanter
advancement husbandry/safely_harvest_honey Bee Our Guest
advancement husbandry/breed_an_animal The Parrots and the Bats
advancement husbandry/tame_an_animal Best Friends Forever
advancement husbandry/fishy_business Fishy Business
advancement husbandry/tactical_fishing Tactical Fishing
advancement husbandry/silk_touch_nest Total Beelocation
advancement husbandry/plant_seed A Seedy Place
challenge husbandry/bred_all_animals Two by Two
challenge husbandry/balanced_diet A Balanced Diet
challenge husbandry/complete_catalogue A Complete Catalogue
- husbandry/axolotl_in_a_bucket The Cutest Predator
- husbandry/kill_axolotl_target The Healing Power of Friendship!
- husbandry/make_a_sign_glow Glow and Behold!
- husbandry/wax_on Wax On
- husbandry/wax_off Wax Off
- husbandry/ride_a_boat_with_a_goat Whatever Floats Your Goat!
- husbandry/tadpole_in_a_bucket Bukkit Bukkit
- husbandry/leash_all_frog_variants When the Squad Hops into Town
challenge husbandry/froglights With Our Powers Combined!
- husbandry/allay_deliver_item_to_player You've Got a Friend in Me
- husbandry/allay_deliver_cake_to_note_block Birthday Song
- husbandry/obtain_sniffer_egg Smells Interesting
- husbandry/feed_snifflet Little Sniffs
- husbandry/plant_any_sniffer_seed Planting the Past
- husbandry/repair_wolf_armor Good as New
- husbandry/remove_wolf_armor Shear Brilliance
- husbandry/whole_pack The Whole Pack
- husbandry/place_dried_ghast_in_water Stay Hydrated!
"""

#: What a file adds to an advancement: its title, and its frame where that is the same in every
#: version of the game (`-` in the table: not sure of it).
_DISPLAY: Final[dict[str, dict[str, JsonValue]]] = {}
#: The names of vanilla's advancements, by title.
VANILLA: Final[dict[str, str]] = {}

for _row in _TABLE.strip().splitlines():
    _frame, _name, _titles = _row.split(" ", 2)
    _first, *_others = _titles.split("|")
    _DISPLAY[_name] = {"title": _first}
    if _frame != "-":
        _DISPLAY[_name]["frame"] = _frame
    VANILLA.update(dict.fromkeys((_first, *_others), _name))


def is_advancement(id_: str) -> bool:
    """Return whether this is the id of an advancement that a player may hear of.

    Recipes and the roots of the tabs are advancements to the game, and never announced.
    """
    found = _ID.fullmatch(id_)
    if found is None or found[1].startswith("recipes/"):
        return False
    return found[1].rpartition("/")[2] != "root"


def short(id_: str) -> str:
    """Return the name of an advancement's event: its id, without the namespace `minecraft:`."""
    return id_.removeprefix("minecraft:")


def display(id_: str) -> dict[str, JsonValue]:
    """Return what is known of how an advancement is shown; nothing of those of other packs."""
    return dict(_DISPLAY.get(short(id_), {}))
