"""Twelve short pieces about three subjects: (title, standfirst, text)."""

GRAIN = [
    (
        "The corridor that nobody insures",
        "Grain leaves Odesa again, but the underwriters in London decide how much.",
        "Every bulk carrier that loads wheat in Odesa sails on a policy that is "
        "renewed each Monday. When a drone hits a silo, the premium for the voyage "
        "doubles and freight rates for wheat follow. The harbour pilots have learnt "
        "to wait for the underwriters rather than for the weather. A common European "
        "guarantee for the cargo would cost less than one month of storage, and the "
        "ships would come whatever the week had brought. Governments that speak of "
        "food security might begin with the insurance of a single voyage.",
    ),
    (
        "Wheat, silos and the price of waiting",
        "Farmers store what the harbours cannot load, and sell when they must.",
        "In the fields behind Mykolaiv the silos are full before the harvest begins. "
        "Wheat that does not reach a harbour in time is sold to whoever has a lorry. "
        "Storage eats what the farmers earn, and the freight to Constanța takes the "
        "rest. A loan against stored grain would let them wait for better prices. The "
        "grain itself does not mind: dry wheat keeps for years, and a silo is the "
        "cheapest bank that a farmer ever had.",
    ),
    (
        "Why Egypt watches the Danube",
        "Bread in Cairo depends on barges in Izmail.",
        "When the Danube runs low, the barges from Izmail carry half a load and the "
        "freight of a tonne of wheat rises by a third. Cairo buys its wheat in "
        "tenders, and a cargo that comes late is paid for twice: once at the harbour "
        "and once at the bakery. Egypt's grain buyers now read river gauges before "
        "they read the news. Dredging one arm of the delta would do more for the "
        "price of bread than any subsidy, and the silos at the mouth are waiting.",
    ),
    (
        "Grain on rails is grain delayed",
        "Two gauges meet at the border, and every tonne of wheat stops there.",
        "At the border every wagon of grain is lifted from broad wheels to narrow "
        "ones. It takes a night for a train and a month for a harvest. Farmers say "
        "that wheat by rail costs more in freight than it fetches at the harbour in "
        "Gdańsk. New silos beside the track help: the cargo waits under a roof and "
        "not on a siding. What helps more is a second track of the broad gauge, laid "
        "to the first harbour that has water enough for a bulk carrier.",
    ),
]

CHIPS = [
    (
        "The machine that cannot be sold",
        "Lithography became foreign policy, and The Hague its foreign ministry.",
        "A lithography machine of the newest kind weighs as much as a small aircraft "
        "and prints transistors a few atoms wide. Export controls forbid its sale to "
        "Chinese foundries, and the licence for older models is now decided by "
        "diplomats. The foundries answer with what engineers call multiple "
        "patterning: the same wafer passes the older machine four times. Export "
        "controls buy time, and the question is what Europe's chipmakers do with it.",
    ),
    (
        "Licences, loopholes and wafers",
        "Export controls end where the second-hand market begins.",
        "A used lithography tool leaves a foundry in Dresden, is refitted in "
        "Singapore and prints wafers in a factory that no licence names. Export "
        "controls speak of sellers and rarely of spare parts, yet without spare parts "
        "a tool stands still within a year. A licence for maintenance would close "
        "more loopholes than a longer list of machines. Chipmakers know each tool by "
        "its serial number; the customs know it as used machinery.",
    ),
    (
        "What a foundry in Saxony is for",
        "Subsidies bring transistors home, but hardly the ones that are missing.",
        "The foundry in Saxony will print wafers for cars: transistors of a size that "
        "was new when telephones had buttons. They are dull, cheap and indispensable, "
        "and no export control will ever name them. Chipmakers ask for subsidies by "
        "the nanometre, though carmakers stood still for want of a part that costs "
        "forty cents. A stock of mature wafers would be the better insurance.",
    ),
    (
        "The chemists behind the transistor",
        "Photoresist comes from two towns in Japan, and so does Europe's dependence.",
        "Before lithography there is chemistry: a film of photoresist on the wafer, "
        "pure to one part in a trillion. Two towns in Japan make most of it. A "
        "foundry without photoresist is a clean room with nothing to do, as Korean "
        "chipmakers learnt when Tokyo tightened its export controls for a summer. "
        "Europe lists machines and forgets the chemists. A licence that Tokyo may "
        "refuse is a dependence, however polite the letter.",
    ),
]

FISH = [
    (
        "Cod without a quota",
        "The stock collapsed on paper last, long after the trawlers knew.",
        "Skippers in Esbjerg stopped looking for cod two seasons before the ministers "
        "cut the quota. The spawning stock had moved north with the cold water, and "
        "the trawlers that followed it burnt more diesel than the catch was worth. "
        "Fisheries ministers still divide a quota for fish that have left. A reserve "
        "where cod spawn, closed to trawlers from January to April, is cheap to "
        "police and dull to announce.",
    ),
    (
        "The night of the fisheries ministers",
        "Each December the quota is traded until dawn, and the herring are not asked.",
        "Each December the fisheries ministers trade herring against mackerel until "
        "the interpreters go home. Scientists propose a catch, the ministers add a "
        "fifth, and the trawlers land what the quota allows. In twenty years the "
        "spawning stock of herring has halved. A rule that ties the quota to the "
        "spawning stock would end the night, which is why no minister proposes it.",
    ),
    (
        "Mackerel knows no border",
        "Warmer water moved the catch to Iceland, and the quota stayed behind.",
        "Mackerel follow the warm water, and for ten summers the warm water has led "
        "to Iceland. Reykjavik set itself a quota that nobody had offered; Brussels "
        "and Oslo kept theirs. Together the trawlers now land a catch that is a third "
        "above what the spawning stock bears. The fisheries agreement of the last "
        "century drew lines on a chart. Fish that cross them need an agreement that "
        "moves.",
    ),
    (
        "Nets, sensors and the honest skipper",
        "Cameras on trawlers would tell what is thrown back at sea.",
        "What a trawler throws back at sea is in no logbook. A camera over the "
        "sorting belt counts undersized cod and herring better than any inspector, "
        "and the honest skipper has nothing to fear from it but the neighbour without "
        "one. The fisheries ministers agreed to cameras for large trawlers and forgot "
        "the date. Without knowing the true catch, a quota is a wish and the spawning "
        "stock a guess.",
    ),
]
