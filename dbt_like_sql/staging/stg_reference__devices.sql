-- One row per word for a kind of device, in lower case with _ between its parts. What is not among them is other.
select words.word, words.device_type
from (
  values
    ('tv', 'tv'), ('smart_tv', 'tv'), ('smarttv', 'tv'), ('connected_tv', 'tv'), ('ctv', 'tv'), ('android_tv', 'tv'), ('apple_tv', 'tv'),
    ('appletv', 'tv'), ('fire_tv', 'tv'), ('firetv', 'tv'), ('roku', 'tv'), ('chromecast', 'tv'), ('set_top_box', 'tv'), ('settop', 'tv'), ('stb', 'tv'),
    ('mobile', 'mobile'), ('phone', 'mobile'), ('smartphone', 'mobile'), ('iphone', 'mobile'), ('android_phone', 'mobile'),
    ('tablet', 'tablet'), ('ipad', 'tablet'), ('android_tablet', 'tablet'),
    ('web', 'web'), ('browser', 'web'), ('desktop', 'web'), ('laptop', 'web'), ('pc', 'web'), ('computer', 'web'),
    ('console', 'console'), ('game_console', 'console'), ('playstation', 'console'), ('ps4', 'console'), ('ps5', 'console'), ('xbox', 'console'),
    ('nintendo', 'console'), ('switch', 'console')
) as words(word, device_type)
