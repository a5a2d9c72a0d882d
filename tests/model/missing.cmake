message(FATAL_ERROR "The models need spin, gcc and python3: apt-get install spin gcc python3, then "
                    "configure again.")
